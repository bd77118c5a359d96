#if os(Linux)
  import CScheduling
  import Testing

  @testable import VectorEngine

  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #endif

  @Suite struct GivingWayTests {
    @Test func whatWorksLongPausesWhileSearchesAreAnswered() async {
      #expect(await pausesWhileSearching(niceness: 10) > 0)
    }

    @Test func whatAnswersSearchesNeverPauses() async {
      #expect(await pausesWhileSearching(niceness: 0) == 0)
    }

    /// How often a pool's thread lets go of its processor while it works and searches are noted.
    private func pausesWhileSearching(niceness: Int32) async -> Int {
      let pool = WorkerPool("test", threadCount: 1, queueCountMax: 1, niceness: niceness)
      defer { pool.stop() }
      return await withCheckedContinuation { continuation in
        let isAccepted = pool.submit {
          let before = Self.voluntarySwitches
          let end = ContinuousClock.now.advanced(by: .milliseconds(20))
          while ContinuousClock.now < end {
            scheduling_note_search()
            scheduling_give_way()
          }
          continuation.resume(returning: Self.voluntarySwitches - before)
        }
        precondition(isAccepted)
      }
    }

    /// How often this thread has slept of its own accord.
    private static var voluntarySwitches: Int {
      var usage = rusage()
      // RUSAGE_THREAD, which C libraries declare for GNU programs only.
      unsafe getrusage(.init(1), &usage)
      return usage.ru_nvcsw
    }
  }
#endif
