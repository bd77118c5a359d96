import Synchronization
import VectorModel

/// Counts answers by route and status, and how long they took.
package final class RequestMetrics: Sendable {
  /// The upper bounds of the histogram's buckets, in seconds.
  package static let bucketSeconds = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]
  private static let bucketNanoseconds = bucketSeconds.map { Int64($0 * 1e9) }

  private struct Counts: Sendable {
    var answers: [(status: Int, count: UInt64)] = []
    var buckets = [UInt64](repeating: 0, count: RequestMetrics.bucketSeconds.count + 1)
    var nanoseconds: UInt64 = 0
  }

  /// The counts of one route; every route has its own lock.
  private final class Slot: Sendable {
    let counts = Mutex(Counts())
  }

  private let labels: [[(name: String, value: String)]]
  private let slots: [Slot]

  package init(routes: [Route]) {
    labels =
      routes.map { [("method", $0.method.rawValue), ("endpoint", $0.template)] }
      + [[("method", ""), ("endpoint", "")]]
    slots = labels.map { _ in Slot() }
  }

  /// Counts one answer; without a route it counts for none.
  package func record(route: Int?, status: Int, elapsedNanoseconds: Int64) {
    let bucket = Self.bucketNanoseconds.firstIndex { elapsedNanoseconds <= $0 } ?? Self.bucketSeconds.count
    slots[route ?? slots.count - 1].counts.withLock { counts in
      counts.buckets[bucket] += 1
      counts.nanoseconds += UInt64(max(0, elapsedNanoseconds))
      if let index = counts.answers.firstIndex(where: { $0.status == status }) {
        counts.answers[index].count += 1
      } else {
        counts.answers.append((status, 1))
      }
    }
  }

  func write(to text: inout MetricsText) {
    var totals: [MetricFamily.Sample] = []
    var durations: [MetricFamily.Sample] = []
    for (labels, slot) in zip(labels, slots) {
      let counts = slot.counts.withLock { $0 }
      for answer in counts.answers {
        totals.append(.init(Double(answer.count), labels: labels + [("status", String(answer.status))]))
      }
      if !counts.answers.isEmpty { durations += Self.histogram(counts, labels) }
    }
    text.write(
      MetricFamily(
        name: "rest_responses_total", help: "answers by route and status", kind: .counter, samples: totals))
    text.write(
      MetricFamily(
        name: "rest_responses_duration_seconds", help: "time from the whole request to its answer",
        kind: .histogram, samples: durations))
  }

  /// `{"GET /path": {"200": {"count": …}}}`.
  func writeTelemetry(to writer: inout JSONWriter) {
    writer.object { writer in
      for (labels, slot) in zip(labels, slots) {
        let answers = slot.counts.withLock { $0.answers }
        if answers.isEmpty { continue }
        writer.key("\(labels[0].value) \(labels[1].value)")
        writer.object { writer in
          for answer in answers {
            writer.key(String(answer.status))
            writer.object { writer in
              writer.key("count")
              writer.integer(answer.count)
            }
          }
        }
      }
    }
  }

  private static func histogram(
    _ counts: Counts, _ labels: [(name: String, value: String)]
  ) -> [MetricFamily.Sample] {
    var samples: [MetricFamily.Sample] = []
    var total: UInt64 = 0
    for (index, count) in counts.buckets.enumerated() {
      total += count
      let bound = index < bucketSeconds.count ? bucketSeconds[index].description : "+Inf"
      samples.append(.init(Double(total), labels: labels + [("le", bound)], suffix: "_bucket"))
    }
    samples.append(.init(Double(counts.nanoseconds) / 1e9, labels: labels, suffix: "_sum"))
    samples.append(.init(Double(total), labels: labels, suffix: "_count"))
    return samples
  }
}
