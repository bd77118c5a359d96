import Glibc
import VectorIndex
import VectorModel

extension Session {
  /// Searches all queries on several threads at once, each thread all of them several times.
  ///
  /// Answers: queries a wall second, CPU seconds a query.
  func concurrently(_ words: [String]) throws -> String {
    guard let part else { return "error nothing built" }
    let count = Int(words[1]) ?? 1
    let rounds = Int(words[3]) ?? 1
    let work = Work(
      part: part, targets: queries.map { .nearest($0) },
      options: PartSearchOptions(limit: 10, ef: Int(words[2]) ?? 100), rounds: rounds)
    let (cpu, wall) = (processSeconds(), wallSeconds())
    let handles = (0..<count).map { _ in Work.start(work) }
    for handle in handles { pthread_join(handle, nil) }
    let searches = Double(count * rounds * queries.count)
    return "\(searches / (wallSeconds() - wall)) \((processSeconds() - cpu) / searches)"
  }
}

/// What each thread does.
private final class Work: Sendable {
  let part: VectorPart
  let targets: [SearchTarget]
  let options: PartSearchOptions
  let rounds: Int

  init(part: VectorPart, targets: [SearchTarget], options: PartSearchOptions, rounds: Int) {
    self.part = part
    self.targets = targets
    self.options = options
    self.rounds = rounds
  }

  func run() {
    let scratch = SearchScratch()
    var statistics = SearchStatistics()
    for _ in 0..<rounds {
      for target in targets {
        _ = try? part.search(target, options: options, scratch: scratch, statistics: &statistics)
      }
    }
  }

  static func start(_ work: Work) -> pthread_t {
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(work).toOpaque()
    let status = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context)
    precondition(status == 0, "no thread")
    return thread
  }
}
