#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Runs one function on several threads at once and waits for all of them.
package enum WorkerThreads {
  private final class Work: Sendable {
    let body: @Sendable (Int) -> Void
    let index: Int

    init(index: Int, body: @escaping @Sendable (Int) -> Void) {
      self.index = index
      self.body = body
    }
  }

  /// Calls `body(0)` here and `body(1)` … `body(count − 1)` on threads of their own, which inherit this thread's
  /// priority. Where the system gives fewer threads, this thread runs what is left.
  package static func run(count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    var started: [pthread_t] = []
    var unstarted: [Int] = []
    for index in 1..<max(count, 1) {
      let work = unsafe Unmanaged.passRetained(Work(index: index, body: body))
      #if canImport(Darwin)
        var thread: pthread_t? = nil
      #else
        var thread = pthread_t()
      #endif
      if unsafe pthread_create(&thread, nil, Self.main, work.toOpaque()) == 0 {
        #if canImport(Darwin)
          if let thread { started.append(thread) }
        #else
          started.append(thread)
        #endif
      } else {
        unsafe work.release()
        unstarted.append(index)
      }
    }
    body(0)
    for index in unstarted { body(index) }
    for thread in started { pthread_join(thread, nil) }
  }

  /// Calls `body` with equal parts of `0..<count`, one a thread, of fewer threads where there is little to share.
  static func run(over count: Int, threads: Int, _ body: @escaping @Sendable (Range<Int>) -> Void) {
    let workers = max(1, min(threads, count / 64))
    run(count: workers) { body((count * $0 / workers)..<(count * ($0 + 1) / workers)) }
  }

  #if canImport(Darwin)
    private static let main: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = {
      argument in
      let work = unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
      work.body(work.index)
      return nil
    }
  #else
    private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
      argument in
      guard let argument = unsafe argument else { return nil }
      let work = unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
      work.body(work.index)
      return nil
    }
  #endif
}
