import VectorModel

/// What an engine tells of itself at one moment.
package struct EngineFigures: Sendable {
  package struct Collection: Sendable {
    package var name: String
    package var pointsCount: Int
    /// Rows of all named vectors that no part holds; searches scan them.
    package var deltaRowsCount: Int
    package var isBuilding: Bool
    /// Whether something of it is known to be damaged.
    package var isDamaged: Bool
    /// The share of a snapshot's stored answers that the indexes found which a restore built; nil where none did.
    package var canaryRecall: Double?
  }

  package var collectionsCount: Int
  /// The collections that are open now.
  package var open: [Collection]
  package var waitingSearchesCount: Int
  /// Queries that were executed, and how long that took.
  package var searches: (count: UInt64, seconds: Double)
  package var writeSteps: [(step: String, count: UInt64, seconds: Double)]
  package var compactionsCount: UInt64
  /// Bytes that compactions gave back to the file system.
  package var compactionsFreedBytes: UInt64
  package var scrubsCount: UInt64
  /// When everything was last read to its end, in seconds since 1970; 0 before.
  package var scrubEndSeconds: Double
  /// The recall of measured queries, by the share of points that their filters left.
  package var recall: [(share: FilterShare, figures: RecallFigures)]
  /// Defects that scrubs found since the start, by kind.
  package var defects: [(kind: String, count: UInt64)]
}

extension Engine {
  /// - Complexity: O(collections).
  package var figures: EngineFigures {
    let catalogue = catalogue.current
    let names = Dictionary(uniqueKeysWithValues: catalogue.collections.map { ($0.value, $0.key) })
    let open = collections.openCollections.compactMap { collection -> EngineFigures.Collection? in
      guard let name = names[collection.id] else { return nil }
      let state = collection.view.state
      return EngineFigures.Collection(
        name: name, pointsCount: state.points.aliveCount,
        deltaRowsCount: state.vectors.values.reduce(0) { $0 + $1.unindexedCount },
        isBuilding: collection.buildStatus.isBuilding, isDamaged: collection.damage.what != nil,
        canaryRecall: snapshots.canaryRecalls.withLock { $0[collection.id] })
    }
    let counted = environment.counters.values
    return EngineFigures(
      collectionsCount: catalogue.collections.count, open: open.sorted { $0.name < $1.name },
      waitingSearchesCount: searchers.waitingCount, searches: environment.searchTimes.values,
      writeSteps: WriteStepTimes.Step.allCases.map {
        ("\($0)", environment.stepTimes.count($0), environment.stepTimes.seconds($0))
      },
      compactionsCount: counted.compactionCount, compactionsFreedBytes: counted.compactionFreedBytes,
      scrubsCount: counted.scrubCount, scrubEndSeconds: Double(counted.scrubEndMilliseconds) / 1000,
      recall: recallMeter.figures,
      defects: Defect.Kind.allCases.map { ($0.rawValue, counted.defectCounts[$0] ?? 0) })
  }
}
