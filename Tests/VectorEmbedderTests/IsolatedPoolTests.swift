import FoundationEssentials
import Testing

@testable import VectorEmbedder

/// Children that crash, hang, talk nonsense or are killed.
@Suite(.enabled(if: TestModel.hasProgram)) struct IsolatedPoolTests {
  private let german = "Heute ist das Wetter schön und wir gehen mit unseren Freunden an den Strand."

  private func pool(
    _ script: String, seconds: Duration = .seconds(60), processesMax: Int = 1
  ) -> IsolatedPool {
    IsolatedPool(
      .language, processesMax: processesMax, timeLimit: seconds,
      program: IsolatedProgram(path: "/bin/sh", arguments: ["-c", script]))
  }

  private func isGerman(_ pool: IsolatedPool) async throws -> Bool {
    guard case .language(let found) = try await pool.ask(.language(german), stage: .language).head else {
      return false
    }
    return found?.code == "de"
  }

  @Test func aCrashIsAnErrorOfTheStageWithTheLastWords() async throws {
    let error = await #expect(throws: StageError.self) {
      try await pool("echo because >&2; kill -SEGV $$").ask(.language("x"), stage: .language)
    }
    #expect(error?.stage == .language)
    #expect(error?.reason.contains("ended") == true)
    #expect(error?.standardErrorTail.contains("because") == true)
    #expect(error?.isOfServer == false)
  }

  @Test func aHangIsEndedWithTheLastWords() async throws {
    let error = await #expect(throws: StageError.self) {
      try await pool("echo slow >&2; sleep 600 & wait", seconds: .seconds(2))
        .ask(.language("x"), stage: .language)
    }
    #expect(error?.reason.contains("time limit") == true)
    #expect(error?.standardErrorTail.contains("slow") == true)
  }

  @Test(arguments: [#"printf '\377\377\377\377\0\0\0\0'; cat"#, #"printf '\0\0\0\0\1\0\0\0'; cat"#, "true"])
  func nonsenseIsRefused(script: String) async throws {
    await #expect(throws: StageError.self) {
      try await pool(script).ask(.language("x"), stage: .language)
    }
  }

  @Test func aMissingProgramIsAnErrorOfTheStage() async throws {
    let pool = IsolatedPool(
      .language, processesMax: 1, timeLimit: .seconds(60),
      program: IsolatedProgram(path: "/no/such/program", arguments: []))
    await #expect(throws: StageError.self) { try await pool.ask(.language("x"), stage: .language) }
  }

  @Test func aKilledProcessIsStartedAgain() async throws {
    let directory = try TemporaryDirectory()
    let pids = directory.path + "/pids"
    let program = IsolatedProgram.this
    let pool = pool(
      "echo $$ >> '\(pids)'; exec '\(program.path)' \(program.arguments.joined(separator: " "))")
    #expect(try await isGerman(pool))
    #expect(try await isGerman(pool))
    #expect(await pool.startCount == 1)
    let pid = try Files.text(at: pids, stage: .read).split(separator: "\n").joined()
    _ = try await ChildProcess(.read, "kill", ["-9", pid], timeLimit: .seconds(60)).run()
    #expect(try await isGerman(pool))
    #expect(await pool.startCount == 2)
  }

  /// Only where a fresh process dies too, the request gets the blame; the next one has another try.
  @Test func whatNoProcessSurvivesFailsAlone() async throws {
    let directory = try TemporaryDirectory()
    let program = IsolatedProgram.this
    let dies = "\(directory.path)/dies"
    let pid = "\(directory.path)/pid"
    let pool = pool(
      """
      [ -e '\(dies)' ] && exit 9
      echo $$ > '\(pid)'; exec '\(program.path)' \(program.arguments.joined(separator: " "))
      """)
    #expect(try await isGerman(pool))
    try Files.write([], to: dies, stage: .read)
    let first = try Files.text(at: pid, stage: .read).filter(\.isNumber)
    _ = try await ChildProcess(.read, "kill", ["-9", first], timeLimit: .seconds(60)).run()
    await #expect(throws: StageError.self) { try await isGerman(pool) }
    #expect(await pool.startCount == 2)
    Files.remove(dies)
    #expect(try await isGerman(pool))
    #expect(await pool.startCount == 3)
  }

  @Test func whatDoesNotFitIsRefusedAndTheProcessGoesOn() async throws {
    let pool = IsolatedPool(.language, processesMax: 1, timeLimit: .seconds(60))
    let error = await #expect(throws: StageError.self) { try await pool.ask(.texts(["x"]), stage: .text) }
    #expect(error?.stage == .text)
    #expect(error?.reason.contains("does not fit") == true)
    #expect(try await isGerman(pool))
    #expect(await pool.startCount == 1)
  }

  @Test func manyAskAtOnceAndFewProcessesAnswer() async throws {
    let program = IsolatedProgram.this
    let pool = IsolatedPool(.language, processesMax: 2, timeLimit: .seconds(60), program: program)
    let right = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<24 { group.addTask { try await isGerman(pool) } }
      return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(right == 24)
    #expect(await pool.startCount <= 2)
  }

  @Test func aCancelledRequestEndsItsProcess() async throws {
    let directory = try TemporaryDirectory()
    let started = directory.path + "/started"
    let pool = pool("touch '\(started)'; exec sleep 600", seconds: .seconds(600))
    let task = Task { try await pool.ask(.language("x"), stage: .language) }
    while !Files.exists(started) { await Task.yield() }
    task.cancel()
    await #expect(throws: StageError.self) { try await task.value }
  }

  @Test func aModelThatIsMissingIsNamed() async throws {
    let pool = IsolatedPool(
      .video(library: "/no/library.so", model: "/no/model.onnx", preset: "clip_vit_b32"), processesMax: 1,
      timeLimit: .seconds(60))
    let error = await #expect(throws: StageError.self) { try await pool.open() }
    #expect(error?.stage == .settings)
    #expect(error?.reason.contains("/no/library.so") == true)
  }
}
