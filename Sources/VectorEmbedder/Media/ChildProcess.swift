import Subprocess
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A program that is started for one stage of one video, in a process group of its own, and ended with the stage,
/// together with all that it started.
package struct ChildProcess: Sendable {
  package var stage: Stage
  /// A name that is looked for in PATH, or a path.
  package var program: String
  package var arguments: [String]
  /// Variables over those of this process.
  package var environment: [String: String] = [:]
  package var input: [UInt8] = []
  package var timeLimit: Duration

  package init(_ stage: Stage, _ program: String, _ arguments: [String], timeLimit: Duration) {
    self.stage = stage
    self.program = program
    self.arguments = arguments
    self.timeLimit = timeLimit
  }

  /// Runs the program and returns what it wrote to its standard output.
  ///
  /// - Throws: when it cannot start, ends with another code than 0, takes too long or writes too much.
  package func run(outputBytesMax: Int = 16 << 20) async throws(StageError) -> [UInt8] {
    let collected = OutputBuffer()
    let outcome = try await stream { bytes in
      try await collected.append(bytes, bytesMax: outputBytesMax, stage: stage, program: program)
    }
    guard outcome.isSuccess else { throw outcome.error(of: self) }
    return await collected.bytes
  }

  /// How the program ended.
  package struct Outcome: Sendable {
    package var isSuccess: Bool
    package var ending: String
    package var standardErrorTail: String

    func error(of child: ChildProcess) -> StageError {
      StageError(child.stage, "\(child.program) \(ending)", standardErrorTail: standardErrorTail)
    }
  }

  /// Runs the program and hands each block of its standard output to `consume`, in order.
  ///
  /// - Throws: what `consume` throws, and when the program cannot start or takes too long. Any ending of the program
  ///   itself is an outcome, for what came before it may still be of use.
  package func stream(
    _ consume: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws(StageError) -> Outcome {
    let tail = StandardErrorTail()
    do {
      return try await withThrowingTaskGroup(of: Outcome?.self) { group in
        group.addTask { try await self.launch(tail, consume) }
        group.addTask {
          try await Task.sleep(for: self.timeLimit)
          return nil
        }
        let first = try await group.next() ?? nil
        group.cancelAll()
        guard let first else {
          throw StageError(
            stage, "\(program) was ended after \(timeLimit.components.seconds) s, its time limit",
            standardErrorTail: tail.text)
        }
        return first
      }
    } catch let error as StageError {
      throw error
    } catch let error as SubprocessError where error.code == .executableNotFound {
      throw StageError(stage, "the program \(program) is not there; `needletail-embedder doctor` says more")
    } catch {
      throw StageError(stage, "\(program): \(error)")
    }
  }

  /// This process' variables with others over them, without the server's key: no program but this one needs it.
  static func inherited(with variables: [String: String]) -> Environment {
    var changes: [Environment.Key: String?] = [
      Environment.Key(stringLiteral: Setting.apiKey.environmentName): nil
    ]
    for (name, value) in variables { changes[Environment.Key(stringLiteral: name)] = value }
    return .inherit.updating(changes)
  }

  /// A program that ends without reading its input must not end this one.
  private static let ignoresBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

  static func ignoreBrokenPipes() { ignoresBrokenPipes }

  /// Writes all that the program reads, and closes the pipe.
  ///
  /// Subprocess' own way of it ends this process when the program ends without reading all of it.
  private static func write(_ input: [UInt8], to writer: StandardInputWriter) async {
    if !input.isEmpty { _ = try? await writer.write(input) }
    try? await writer.finish()
  }

  private func launch(
    _ tail: StandardErrorTail, _ consume: @Sendable ([UInt8]) async throws -> Void
  ) async throws -> Outcome {
    Self.ignoreBrokenPipes()
    var options = PlatformOptions()
    options.processGroupID = 0
    options.teardownSequence = [
      .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(500))
    ]
    var leader: pid_t = 0
    // Whoever the program started and left behind. Its number leads the group and stays taken while one of it lives;
    // where none does, the system would have to give out all other numbers first.
    defer { if leader > 1 { _ = kill(-leader, SIGKILL) } }
    let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
    let result = try await Subprocess.run(
      executable, arguments: Arguments(arguments), environment: Self.inherited(with: environment),
      platformOptions: options, input: .inputWriter, output: .sequence, error: .sequence
    ) { execution in
      leader = execution.processIdentifier.value
      async let isCollected: Void = tail.collect(execution.standardError)
      async let isWritten: Void = Self.write(input, to: execution.standardInputWriter)
      for try await buffer in execution.standardOutput { try await consume(buffer.copied) }
      await isWritten
      await isCollected
    }
    return Outcome(
      isSuccess: result.terminationStatus.isSuccess, ending: "ended: \(result.terminationStatus)",
      standardErrorTail: tail.text)
  }
}

/// Collects a program's output up to a limit.
private actor OutputBuffer {
  private(set) var bytes: [UInt8] = []

  func append(_ more: [UInt8], bytesMax: Int, stage: Stage, program: String) throws(StageError) {
    guard bytes.count + more.count <= bytesMax else {
      throw StageError(stage, "\(program) wrote more than \(bytesMax) bytes")
    }
    bytes += more
  }
}

extension SubprocessOutputSequence.Buffer {
  var copied: [UInt8] {
    unsafe withUnsafeBytes { unsafe Array($0) }
  }
}
