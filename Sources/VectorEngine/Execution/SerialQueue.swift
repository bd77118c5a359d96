import Synchronization

/// Runs jobs one after the other on a pool's threads, and hands over all that wait at once.
///
/// What arrives while a group runs becomes the next group: this is what makes one sync serve many writes.
final class SerialQueue<Job: Sendable>: Sendable {
  private struct State {
    var waiting: [Job] = []
    var isRunning = false
    var isClosed = false
  }

  private let state = Mutex(State())
  private let pool: WorkerPool
  private let countMax: Int
  private let run: @Sendable ([Job]) -> Void

  /// - Parameter run: gets at least one job, in the order of their arrival.
  init(pool: WorkerPool, countMax: Int, run: @escaping @Sendable ([Job]) -> Void) {
    self.pool = pool
    self.countMax = countMax
    self.run = run
  }

  enum Submission { case accepted, full, closed }

  /// Hands over `job`; what is not accepted never runs.
  func submit(_ job: Job) -> Submission {
    let (submission, starts) = state.withLock { state -> (Submission, Bool) in
      if state.isClosed { return (.closed, false) }
      if state.waiting.count >= countMax { return (.full, false) }
      state.waiting.append(job)
      if state.isRunning { return (.accepted, false) }
      state.isRunning = true
      return (.accepted, true)
    }
    if starts { schedule() }
    return submission
  }

  /// Accepts `last` as the last job.
  func close(after last: Job) {
    let starts = state.withLock { state in
      guard !state.isClosed else { return false }
      state.isClosed = true
      state.waiting.append(last)
      if state.isRunning { return false }
      state.isRunning = true
      return true
    }
    if starts { schedule() }
  }

  private func schedule() {
    let isAccepted = pool.submit { [self] in runGroup() }
    precondition(isAccepted, "the writer pool holds one job a collection and is never full")
  }

  private func runGroup() {
    let group = state.withLock { state in
      let group = state.waiting
      state.waiting = []
      return group
    }
    if !group.isEmpty { run(group) }
    let continues = state.withLock { state in
      state.isRunning = !state.waiting.isEmpty
      return state.isRunning
    }
    if continues { schedule() }
  }
}
