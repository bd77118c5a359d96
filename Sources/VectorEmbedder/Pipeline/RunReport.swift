/// What a run did, for people and for metrics.
package struct RunReport: Sendable, Equatable {
  /// Points written anew.
  package var embedded = 0
  /// Points whose paths were changed.
  package var renamed = 0
  /// Contents that were right already, in the last pass.
  package var unchanged = 0
  /// Points deleted with their last path.
  package var pruned = 0
  /// Files that gave no point.
  package var failed = 0
  /// Points that lack something because a stage failed.
  package var partial = 0
  /// Files that failed before and have not changed, in the last pass.
  package var skipped = 0
  package var seconds = 0.0
  /// Added over all workers.
  package var secondsByStage: [Stage: Double] = [:]

  package init() {}

  package var videosPerMinute: Double { seconds > 0 ? Double(embedded) * 60 / seconds : 0 }

  /// Whether anything was done since `earlier` that somebody may want to know.
  package func hasNews(since earlier: RunReport) -> Bool {
    embedded + renamed + pruned + failed != earlier.embedded + earlier.renamed + earlier.pruned
      + earlier.failed
  }

  /// A few lines for a terminal.
  package var text: String {
    var lines = [
      "\(embedded) embedded, \(renamed) renamed, \(unchanged) unchanged, \(pruned) pruned, \(partial) partial, "
        + "\(failed) failed, \(skipped) skipped after an earlier failure"
    ]
    if embedded > 0 {
      lines.append("\(Self.short(videosPerMinute)) videos a minute, \(Self.short(seconds)) s in all")
      let stages = Stage.allCases.compactMap { stage in
        secondsByStage[stage].map { "\(stage) \(Self.short($0)) s" }
      }
      lines.append("by stage: " + stages.joined(separator: ", "))
    }
    return lines.joined(separator: "\n")
  }

  static func short(_ number: Double) -> String { "\((number * 100).rounded() / 100)" }
}
