import CScheduling
import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A fixed number of threads that run jobs in the order of their arrival, behind a bounded queue.
final class WorkerPool: Sendable {
  typealias Job = @Sendable () -> Void

  private struct State {
    var jobs: [Job] = []
    /// Where the next job stands in `jobs`; those before it have been taken.
    var head = 0
    var isStopping = false

    var waitingCount: Int { jobs.count - head }

    mutating func takeFirst() -> Job? {
      guard head < jobs.count else { return nil }
      let job = jobs[head]
      head += 1
      if head == jobs.count {
        jobs.removeAll(keepingCapacity: true)
        head = 0
      } else if head >= 1024, head * 2 >= jobs.count {
        jobs.removeFirst(head)
        head = 0
      }
      return job
    }
  }

  private let state = Mutex(State())
  private let wakeups = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)
  private let threadCount: Int
  private let queueCountMax: Int

  /// The longest slice that the system gives, in milliseconds.
  static let longestSlice: UInt64 = 100

  /// Starts `threadCount` threads.
  /// - Parameters:
  ///   - name: what the system shows for them, at most 15 bytes; the threads that they start inherit it.
  ///   - niceness: above 0 the threads get less of a processor than others, and others that wake come before them at
  ///     once: those that answer searches.
  ///   - slice: what these then run for at a time, in milliseconds; one that wakes comes before those with longer slices.
  init(
    _ name: String, threadCount: Int, queueCountMax: Int, niceness: Int32 = 0,
    slice: UInt64 = WorkerPool.longestSlice
  ) {
    precondition(threadCount > 0 && queueCountMax > 0)
    self.threadCount = threadCount
    self.queueCountMax = queueCountMax
    for _ in 0..<threadCount {
      startThread { [self] in
        unsafe scheduling_name_thread(name)
        if niceness > 0 {
          lowerPriority(by: niceness)
          _ = scheduling_request_slice(slice * 1_000_000)
        }
        run()
      }
    }
  }

  /// How many jobs wait for a thread.
  var waitingCount: Int { state.withLock { $0.waitingCount } }

  /// Hands `job` to a thread.
  /// - Returns: false when the queue is full or the pool is stopping; then the job never runs.
  func submit(_ job: @escaping Job) -> Bool {
    let isAccepted = state.withLock { state in
      guard !state.isStopping, state.waitingCount < queueCountMax else { return false }
      state.jobs.append(job)
      return true
    }
    if isAccepted { wakeups.signal() }
    return isAccepted
  }

  /// Runs what was accepted, then ends the threads and waits for them. Not from a pool's own thread.
  func stop() {
    state.withLock { $0.isStopping = true }
    for _ in 0..<threadCount { wakeups.signal() }
    for _ in 0..<threadCount { ended.wait() }
  }

  private func run() {
    while true {
      wakeups.wait()
      let (job, isStopping) = state.withLock { ($0.takeFirst(), $0.isStopping) }
      if let job {
        job()
      } else if isStopping {
        break
      }
    }
    ended.signal()
  }
}

/// Runs `body` on a new thread of its own.
private func startThread(_ body: @escaping @Sendable () -> Void) {
  final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  let argument = unsafe Unmanaged.passRetained(Box(body)).toOpaque()
  var attributes = pthread_attr_t()
  unsafe pthread_attr_init(&attributes)
  unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
  unsafe pthread_attr_setstacksize(&attributes, 2 << 20)
  var thread = pthread_t()
  let status = unsafe pthread_create(
    &thread, &attributes,
    { argument in
      guard let argument = unsafe argument else { return nil }
      let box = unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
      box.body()
      return nil
    }, argument)
  unsafe pthread_attr_destroy(&attributes)
  precondition(status == 0, "no thread could be started: error \(status)")
}

/// On Linux the niceness belongs to the thread.
private func lowerPriority(by niceness: Int32) {
  #if os(Linux)
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
  #endif
}
