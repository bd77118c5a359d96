import Logging
import VectorModel
import VectorStorage

/// What every part of an engine works with.
struct EngineEnvironment: Sendable {
  let configuration: EngineConfiguration
  let fileSystem: any FileSystem
  let writers: WorkerPool
  /// Commits the stores while their writers go on; waits for no other pool.
  let committers: WorkerPool
  /// Builds generations.
  let builders: WorkerPool
  /// Builds small parts, which are not to wait for a generation.
  let freezers: WorkerPool
  /// Links rows where they lie, which is not to wait for either.
  let linkers: WorkerPool
  let logger: Logger
  let stepTimes = WriteStepTimes()
  let searchTimes = SearchTimes()
  let counters = EngineCounters()
  let releasedMemory = ReleasedMemory()
}

/// Milliseconds since 1970-01-01T00:00:00Z; read when a record is made, never when it is applied.
func currentMilliseconds() -> UInt64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_REALTIME, &time)
  return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif
