import Subprocess
import Synchronization
import SystemPackage

/// One child of this program that runs the code of others, in a process group of its own.
///
/// It answers one request after the other. After a fault it is of no more use. It ends with this value.
final class IsolatedProcess: Sendable {
  private struct Job: Sendable {
    var frame: [UInt8]
    var continuation: CheckedContinuation<Result<[UInt8], IsolatedFault>, Never>
  }

  /// What the child's life leaves behind for whoever still waits.
  private final class Desk: Sendable {
    let job = Mutex<Job?>(nil)
    let limitSeconds = Mutex<Int64?>(nil)
    let tail = StandardErrorTail()
  }

  private let jobs: AsyncStream<Job>.Continuation
  private let desk = Desk()
  private let life: Task<Void, Never>

  init(_ program: IsolatedProgram) {
    let (stream, jobs) = AsyncStream.makeStream(of: Job.self)
    self.jobs = jobs
    let desk = desk
    life = Task {
      let ending = await Self.live(program, stream, desk)
      jobs.finish()
      // A job that came too late; this task may be cancelled, so another one looks.
      let late = Task {
        for await job in stream { job.continuation.resume(returning: .failure(IsolatedFault(ending))) }
      }
      await late.value
    }
  }

  deinit { jobs.finish() }

  /// Sends the body of a request and returns the body of its answer.
  ///
  /// After the time limit, or when the task is cancelled, the child is ended.
  func ask(_ body: [UInt8], timeLimit: Duration) async throws(IsolatedFault) -> [UInt8] {
    let frame = try IsolatedFrame.encode(body)
    let life = life
    let desk = desk
    let timer = Task {
      try await Task.sleep(for: timeLimit)
      desk.limitSeconds.withLock { $0 = timeLimit.components.seconds }
      life.cancel()
    }
    defer { timer.cancel() }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let job = Job(frame: frame, continuation: continuation)
        if case .terminated = jobs.yield(job) {
          continuation.resume(returning: .failure(IsolatedFault("the process has ended")))
        }
      }
    } onCancel: {
      life.cancel()
    }
    return try result.get()
  }

  /// Runs the child for as long as there are requests.
  ///
  /// - Returns: how it ended.
  private static func live(
    _ program: IsolatedProgram, _ jobs: AsyncStream<Job>, _ desk: Desk
  ) async -> String {
    ChildProcess.ignoreBrokenPipes()
    var options = PlatformOptions()
    options.processGroupID = 0
    // Nothing is lost with it, so it is ended at once.
    options.teardownSequence = []
    var ending: String
    do {
      let result = try await Subprocess.run(
        .path(FilePath(program.path)), arguments: Arguments(program.arguments),
        environment: ChildProcess.inherited(with: ["SWIFT_BACKTRACE": "enable=no"]), platformOptions: options,
        input: .inputWriter, output: .sequence, error: .sequence
      ) { execution in
        async let tail: Void = desk.tail.collect(execution.standardError)
        var output = execution.standardOutput.makeAsyncIterator()
        var reader = IsolatedFrameReader()
        var fault: String?
        for await job in jobs {
          desk.job.withLock { $0 = job }
          do {
            _ = try await execution.standardInputWriter.write(job.frame)
            var body = try reader.next()
            while body == nil, let block = try await output.next() {
              reader.append(block.copied)
              body = try reader.next()
            }
            guard let body else { break }
            desk.job.withLock { $0 = nil }
            job.continuation.resume(returning: .success(body))
          } catch {
            fault = (error as? IsolatedFault)?.reason
            break
          }
        }
        try? execution.send(signal: .kill, toProcessGroup: true)
        await tail
        return fault
      }
      ending = "ended: \(result.terminationStatus)"
      if let fault = result.closureResult { ending = "gave nonsense: \(fault)" }
    } catch {
      ending = "could not be run: \(error)"
    }
    let limit = desk.limitSeconds.withLock { $0 }
    if let limit { ending = "was ended after \(limit) s, its time limit" }
    let job = desk.job.withLock { job in
      defer { job = nil }
      return job
    }
    job?.continuation.resume(
      returning: .failure(
        IsolatedFault(
          "the process of this model \(ending)", standardErrorTail: desk.tail.text, isTimeout: limit != nil)))
    return "the process of this model \(ending)"
  }
}
