package import VectorEngine

/// What `/metrics` shows of an engine.
package struct EngineMetrics: MetricsSource {
  private let engine: Engine

  package init(_ engine: Engine) { self.engine = engine }

  package func metrics() -> [MetricFamily] {
    let figures = engine.figures
    let labels = figures.open.map { [(name: "collection", value: $0.name)] }
    let values: [(name: String, help: String, value: (EngineFigures.Collection) -> Double)] = [
      ("collection_points", "points of an open collection", { Double($0.pointsCount) }),
      (
        "collection_delta_rows", "rows of an open collection that no graph holds yet",
        { Double($0.deltaRowsCount) }
      ),
      ("collection_damaged", "whether something of an open collection is damaged", { $0.isDamaged ? 1 : 0 }),
      ("collection_building", "whether a generation is being built", { $0.isBuilding ? 1 : 0 }),
    ]
    var families = [
      MetricFamily(
        name: "collections_total", help: "collections of the catalogue", kind: .gauge,
        value: Double(figures.collectionsCount)),
      MetricFamily(
        name: "collections_open", help: "collections held open", kind: .gauge,
        value: Double(figures.open.count)),
      MetricFamily(
        name: "searches_waiting", help: "searches that wait for a thread", kind: .gauge,
        value: Double(figures.waitingSearchesCount)),
      MetricFamily(
        name: "searches_total", help: "queries that were executed, failed ones too", kind: .counter,
        value: Double(figures.searches.count)),
      MetricFamily(
        name: "search_seconds_total", help: "time spent in executing queries, from the view to the points",
        kind: .counter, value: figures.searches.seconds),
      MetricFamily(
        name: "write_steps_total", help: "how often each step of a write was done; a sync serves many writes",
        kind: .counter,
        samples: figures.writeSteps.map { .init(Double($0.count), labels: [("step", $0.step)]) }),
      MetricFamily(
        name: "write_step_seconds_total", help: "time spent in each step of all writes", kind: .counter,
        samples: figures.writeSteps.map { .init($0.seconds, labels: [("step", $0.step)]) }),
    ]
    families += Self.upkeep(figures) + Self.recall(figures)
    for (name, help, value) in values {
      let samples = zip(figures.open, labels).map { MetricFamily.Sample(value($0), labels: $1) }
      families.append(MetricFamily(name: name, help: help, kind: .gauge, samples: samples))
    }
    return families
  }

  /// What exact searches say of queries that were answered; recall is found divided by wanted.
  private static func recall(_ figures: EngineFigures) -> [MetricFamily] {
    let values: [(name: String, help: String, value: (RecallFigures) -> Int)] = [
      ("recall_queries_total", "queries that were searched again exactly", \.queriesCount),
      ("recall_wanted_points_total", "points that these exact searches found", \.wantedCount),
      ("recall_found_points_total", "points of these that the answers had", \.foundCount),
    ]
    return values.map { name, help, value in
      MetricFamily(
        name: name, help: help, kind: .counter,
        samples: figures.recall.map { share, figures in
          .init(Double(value(figures)), labels: [("filter_percent_max", "\(Int(share.percentMax))")])
        })
    }
  }

  /// What the engine does for its files by itself.
  private static func upkeep(_ figures: EngineFigures) -> [MetricFamily] {
    [
      MetricFamily(
        name: "store_compactions_total", help: "stores written anew without their free pages", kind: .counter,
        value: Double(figures.compactionsCount)),
      MetricFamily(
        name: "store_compactions_freed_bytes_total", help: "bytes that these gave back", kind: .counter,
        value: Double(figures.compactionsFreedBytes)),
      MetricFamily(
        name: "collection_canary_recall",
        help: "share of a snapshot's stored answers that the indexes built by its restore find", kind: .gauge,
        samples: figures.open.compactMap { collection in
          collection.canaryRecall.map { .init($0, labels: [("collection", collection.name)]) }
        }),
      MetricFamily(
        name: "scrubs_total", help: "readings of all data that came to their end", kind: .counter,
        value: Double(figures.scrubsCount)),
      MetricFamily(
        name: "scrub_last_timestamp_seconds", help: "when the last of them ended; 0 before the first",
        kind: .gauge, value: figures.scrubEndSeconds),
      MetricFamily(
        name: "scrub_defects_total", help: "defects that scrubs found", kind: .counter,
        samples: figures.defects.map { .init(Double($0.count), labels: [("kind", $0.kind)]) }),
    ]
  }
}
