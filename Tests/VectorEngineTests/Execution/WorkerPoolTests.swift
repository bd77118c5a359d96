import CScheduling
import Synchronization
import Testing

@testable import VectorEngine

@Suite struct WorkerPoolTests {
  /// The answer of the system, on a thread of a pool that asked already.
  @Test(arguments: [5, 10] as [Int32]) func longSlicesAreGranted(niceness: Int32) async {
    let pool = WorkerPool("test", threadCount: 1, queueCountMax: 1, niceness: niceness)
    defer { pool.stop() }
    let error = await withCheckedContinuation { continuation in
      let isAccepted = pool.submit { continuation.resume(returning: scheduling_request_slice(1_000_000)) }
      precondition(isAccepted)
    }
    #expect(error == 0)
  }

  @Test func everyAcceptedJobRunsBeforeThePoolStops() async {
    let count = Mutex(0)
    let pool = WorkerPool("test", threadCount: 2, queueCountMax: 100, niceness: 10)
    for _ in 0..<100 where !pool.submit({ count.withLock { $0 += 1 } }) {
      Issue.record("a job was refused")
    }
    pool.stop()
    #expect(count.withLock { $0 } == 100)
    #expect(!pool.submit {})
  }
}
