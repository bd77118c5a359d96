/// Counts for whoever watches: a progress line, and metrics in Prometheus' text format.
package actor RunProgress {
  /// What the pass that is under way, or was the last, has to look at.
  package private(set) var total = 0
  private var doneBefore = 0
  package private(set) var report = RunReport()
  private let onChange: @Sendable (String) -> Void
  private let onNote: @Sendable (String) -> Void
  private var notes: Set<String> = []

  /// - Parameters:
  ///   - onChange: gets the progress line whenever something is done.
  ///   - onNote: gets what somebody should know.
  package init(
    onChange: @escaping @Sendable (String) -> Void = { _ in },
    onNote: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.onChange = onChange
    self.onNote = onNote
  }

  /// Says what somebody should know, once.
  package func note(_ text: String) {
    if notes.insert(text).inserted { onNote(text) }
  }

  /// Begins a pass over all videos.
  func begin(total: Int) {
    self.total = total
    report.unchanged = 0
    report.skipped = 0
    doneBefore = 0
    doneBefore = done
    onChange(line)
  }

  /// Takes some of the videos for the same as others.
  func leaveOut(_ count: Int) {
    total -= count
    onChange(line)
  }

  func change(_ body: @Sendable (inout RunReport) -> Void) {
    body(&report)
    onChange(line)
  }

  func add(_ clock: StageClock) async {
    for (stage, seconds) in await clock.seconds { report.secondsByStage[stage, default: 0] += seconds }
  }

  private var done: Int {
    report.embedded + report.renamed + report.unchanged + report.failed + report.skipped - doneBefore
  }

  private var line: String {
    let filled = total == 0 ? 0 : 24 * min(done, total) / total
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
    return "\(bar) \(done)/\(total)  \(report.embedded) embedded  \(report.failed) failed"
  }

  /// The counts in Prometheus' text format.
  package var metrics: String {
    var text = ""
    func family(
      _ name: String, _ help: String, _ rows: [(labels: String, value: Double)], type: String = "counter"
    ) {
      text += "# HELP needletail_embedder_\(name) \(help)\n# TYPE needletail_embedder_\(name) \(type)\n"
      for row in rows { text += "needletail_embedder_\(name)\(row.labels) \(row.value)\n" }
    }
    family(
      "videos_total", "Videos by what became of them.",
      [
        ("embedded", report.embedded), ("renamed", report.renamed), ("pruned", report.pruned),
        ("partial", report.partial), ("failed", report.failed),
      ].map { ("{outcome=\"\($0.0)\"}", Double($0.1)) })
    family(
      "stage_seconds_total", "Time spent in a stage, added over all workers.",
      Stage.allCases.compactMap { stage in
        report.secondsByStage[stage].map { ("{stage=\"\(stage)\"}", $0) }
      })
    family(
      "pass_videos", "Videos in the last pass over the directory.",
      [("found", total), ("unchanged", report.unchanged), ("skipped", report.skipped)]
        .map { ("{state=\"\($0.0)\"}", Double($0.1)) }, type: "gauge")
    return text
  }
}
