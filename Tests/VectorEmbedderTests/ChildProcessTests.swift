import Testing

@testable import VectorEmbedder

/// Programs that fail, hang, or leave others behind.
@Suite(.enabled(if: TestMedia.isPossible)) struct ChildProcessTests {
  @Test func aHangingProgramIsEnded() async throws {
    let child = ChildProcess(.speech, "sh", ["-c", "sleep 60 & wait"], timeLimit: .milliseconds(300))
    let error = await #expect(throws: StageError.self) { try await child.run() }
    #expect(error?.reason.contains("time limit") == true)
    let loud = ChildProcess(
      .speech, "sh", ["-c", "echo so far >&2; exec sleep 60"], timeLimit: .seconds(10))
    let ended = await #expect(throws: StageError.self) { try await loud.run() }
    #expect(ended?.standardErrorTail.contains("so far") == true)
  }

  #if os(Linux)
    private func wait(until isTrue: () -> Bool) async throws {
      while !isTrue() {
        try Task.checkCancellation()
        await Task.yield()
      }
    }

    /// Waits until a process is no more, or nothing but its number is left of it.
    private func end(of pid: String) async throws {
      try await wait {
        let status = try? Files.text(at: "/proc/\(pid)/status", stage: .read)
        return status?.contains("State:\tZ") ?? true
      }
    }

    @Test(.timeLimit(.minutes(1))) func whatAProgramStartedEndsWithIt() async throws {
      let left = ChildProcess(
        .speech, "sh", ["-c", "sleep 600 > /dev/null 2>&1 & echo $!"], timeLimit: .seconds(60))
      try await end(of: String(decoding: try await left.run(), as: UTF8.self).filter(\.isNumber))
      let directory = try TemporaryDirectory()
      let pid = directory.path + "/pid"
      let deaf = ChildProcess(
        .speech, "sh",
        ["-c", "(trap '' TERM; echo > \(pid).deaf; sleep 600; sleep 600) & echo $! > \(pid); wait"],
        timeLimit: .seconds(600))
      let task = Task { try await deaf.run() }
      try await wait { Files.exists(pid + ".deaf") && Files.size(of: pid) ?? 0 > 0 }
      task.cancel()
      await #expect(throws: StageError.self) { try await task.value }
      try await end(of: try Files.text(at: pid, stage: .read).filter(\.isNumber))
    }
  #endif

  @Test func theServersKeyStaysInTheWorker() async throws {
    let directory = try TemporaryDirectory()
    let seen = directory.path + "/seen"
    // The worker gets the key and says what the command that it starts has got.
    var worker = ChildProcess(
      .settings, IsolatedProgram.this.path,
      [
        "text", "hello", "--set", "text_engine=command", "--set",
        "text_command=sh -c 'env > \(seen); echo [[1]]'",
      ], timeLimit: .seconds(60))
    worker.environment = ["NEEDLETAIL_EMBEDDER_API_KEY": "hush", "NEEDLETAIL_EMBEDDER_HOST": "there"]
    _ = try await worker.run()
    let text = try Files.text(at: seen, stage: .read)
    #expect(text.contains("NEEDLETAIL_EMBEDDER_HOST=there"))
    #expect(!text.contains("hush"))
  }

  /// More than a pipe holds, and nobody who reads it.
  @Test func inputThatIsNotReadIsNoTrouble() async throws {
    func child(_ script: String, _ timeLimit: Duration) -> ChildProcess {
      var child = ChildProcess(.text, "sh", ["-c", script], timeLimit: timeLimit)
      child.input = [UInt8](repeating: 7, count: 1 << 20)
      return child
    }
    for _ in 0..<10 {
      let error = await #expect(throws: StageError.self) {
        try await child("echo because >&2; exit 3", .seconds(60)).run()
      }
      #expect(error?.standardErrorTail.contains("because") == true)
    }
    let error = await #expect(throws: StageError.self) { try await child("sleep 600", .seconds(1)).run() }
    #expect(error?.reason.contains("its time limit") == true)
    let copier = child("cat", .seconds(60))
    #expect(try await copier.run() == copier.input)
  }

  @Test func programsThatFailSayWhy() async throws {
    let failing = ChildProcess(.speech, "sh", ["-c", "echo because >&2; exit 3"], timeLimit: .seconds(60))
    let error = await #expect(throws: StageError.self) { try await failing.run() }
    // The loader may have a word of its own before, where another suite has a library preloaded.
    #expect(error?.standardErrorTail.contains("because\n") == true)
    let missing = ChildProcess(.speech, "no-such-program-here", [], timeLimit: .seconds(60))
    let absent = await #expect(throws: StageError.self) { try await missing.run() }
    #expect(absent?.reason.contains("not there") == true)
    let loud = ChildProcess(.speech, "sh", ["-c", "yes | head -c 100000"], timeLimit: .seconds(60))
    await #expect(throws: StageError.self) { try await loud.run(outputBytesMax: 1000) }
    let echo = CommandRecognizer(command: try CommandLineTemplate("sh -c 'echo heard words > {out}.txt'"))
    let directory = try TemporaryDirectory()
    #expect(
      try await echo.recognize(directory.path + "/x.wav", timeLimit: .seconds(60)).text == "heard words")
  }
}
