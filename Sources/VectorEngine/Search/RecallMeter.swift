import Synchronization
import VectorIndex
import VectorModel

/// Measures the recall of live queries: now and then one is searched again, exactly, on the same view.
///
/// Only one thread does so, at the lowest priority; queries that it cannot keep up with are not measured.
final class RecallMeter: Sendable {
  /// Queries that wait; each keeps its view in memory.
  private static let waitingMax = 8
  /// Larger answers are not measured.
  private static let limitMax = 1000
  private static let timeoutMilliseconds = 60_000
  private static let scoreTolerance: Float = 1e-5

  /// One query in so many is measured; 0 none.
  private let interval: Int
  private let scratches: ScratchPool
  private let pool = WorkerPool(
    "recall", threadCount: 1, queueCountMax: RecallMeter.waitingMax, niceness: 19)
  private let seenCount = Atomic(0)
  private let totals = Mutex([RecallFigures](repeating: RecallFigures(), count: FilterShare.allCases.count))

  init(interval: Int, scratches: ScratchPool) {
    self.interval = interval
    self.scratches = scratches
  }

  /// What was measured since the start, by the share of points that the filters left.
  var figures: [(share: FilterShare, figures: RecallFigures)] {
    let totals = totals.withLock { $0 }
    return FilterShare.allCases.map { ($0, totals[$0.rawValue]) }
  }

  /// Measures a query that was answered, where it is its turn.
  func note(_ request: QueryRequest, _ answer: [ScoredPoint], on view: View) {
    guard interval > 0, Self.isMeasurable(request) else { return }
    guard seenCount.add(1, ordering: .relaxed).newValue % interval == 0 else { return }
    _ = pool.submit { [self] in try? measure(request, answer, on: view) }
  }

  /// Ends after the query at hand.
  func stop() { pool.stop() }

  /// Whether an exact search has the same meaning, and nobody asked for a rougher one.
  private static func isMeasurable(_ request: QueryRequest) -> Bool {
    guard request.prefetch.isEmpty, request.grouping == nil, request.offset == 0, request.lookupFrom == nil,
      (1...limitMax).contains(request.limit)
    else { return false }
    let parameters = request.parameters
    guard !parameters.isExact, !parameters.indexedOnly, parameters.rescore ?? true else { return false }
    switch request.query {
    case .nearest(_, mmr: nil), .recommend: return true
    default: return false
    }
  }

  /// Searches exactly and counts which of the points found then the answer has.
  func measure(_ request: QueryRequest, _ answer: [ScoredPoint], on view: View) throws(RequestError) {
    var exact = request
    exact.parameters.isExact = true
    exact.parameters.explain = true
    exact.withPayload = .none
    exact.withVector = .none
    let expected = try scratches.lend { (scratch) throws(RequestError) in
      try QueryExecutor(
        view: view, deadline: Deadline(milliseconds: Self.timeoutMilliseconds),
        viewOfCollection: { (_) throws(RequestError) in view }, scratch: scratch
      ).answer(exact)
    }
    guard let last = expected.points.last else { return }
    let ids = Set(expected.points.map(\.record.id))
    // A point as good as the last one may stand in its place.
    let found = answer.count { point in
      ids.contains(point.record.id)
        || (point.score - last.score).magnitude <= Self.scoreTolerance * max(1, last.score.magnitude)
    }
    let alive = max(1, view.state.points.aliveCount)
    let matched = expected.trace.plan?.steps.last?.filter?.matchedCount ?? alive
    let share = FilterShare(Double(matched) / Double(alive))
    totals.withLock { totals in
      totals[share.rawValue].queriesCount += 1
      totals[share.rawValue].wantedCount += expected.points.count
      totals[share.rawValue].foundCount += min(found, expected.points.count)
    }
  }
}

/// What was found of what exact searches found.
package struct RecallFigures: Sendable, Equatable {
  package internal(set) var queriesCount = 0
  package internal(set) var wantedCount = 0
  package internal(set) var foundCount = 0
}

/// How many points a filter leaves: at most so many percent, and more than of the next.
package enum FilterShare: Int, CaseIterable, Sendable {
  case percent100, percent50, percent10, percent1

  package var percentMax: Double { [100, 50, 10, 1][rawValue] }

  init(_ share: Double) {
    self = Self.allCases.last { share * 100 <= $0.percentMax } ?? .percent100
  }
}
