import Synchronization
package import VectorModel

/// Counts answers by opcode and outcome, and how long they took.
package final class BinaryMetrics: Sendable {
  private struct Counts: Sendable {
    var answers: [(code: RequestError.Code?, count: UInt64)] = []
    var nanoseconds: UInt64 = 0
  }

  /// The counts of one opcode; each has its own lock.
  private final class Slot: Sendable {
    let counts = Mutex(Counts())
  }

  private let slots: [(opcode: Opcode, slot: Slot)]
  private let places: [Int?]

  package init() {
    slots = Opcode.allCases.filter { $0.isRequest || $0 == .chunk }.map { ($0, Slot()) }
    var places = [Int?](repeating: nil, count: 256)
    for (place, entry) in slots.enumerated() { places[Int(entry.opcode.rawValue)] = place }
    self.places = places
  }

  /// Counts one answer; no code is success.
  package func record(_ opcode: Opcode, _ code: RequestError.Code?, nanoseconds: Int64) {
    guard let place = places[Int(opcode.rawValue)] else { return }
    slots[place].slot.counts.withLock { counts in
      counts.nanoseconds += UInt64(max(0, nanoseconds))
      if let index = counts.answers.firstIndex(where: { $0.code == code }) {
        counts.answers[index].count += 1
      } else {
        counts.answers.append((code, 1))
      }
    }
  }
}

extension BinaryMetrics: MetricsSource {
  package func metrics() -> [MetricFamily] {
    var totals: [MetricFamily.Sample] = []
    var seconds: [MetricFamily.Sample] = []
    for (opcode, slot) in slots {
      let counts = slot.counts.withLock { $0 }
      let label = (name: "opcode", value: "\(opcode)")
      for (code, count) in counts.answers {
        totals.append(.init(Double(count), labels: [label, ("status", code.map { "\($0)" } ?? "ok")]))
      }
      if !counts.answers.isEmpty { seconds.append(.init(Double(counts.nanoseconds) / 1e9, labels: [label])) }
    }
    return [
      MetricFamily(
        name: "binary_responses_total", help: "answers of the binary protocol by opcode and status",
        kind: .counter, samples: totals),
      MetricFamily(
        name: "binary_responses_duration_seconds_total",
        help: "time from whole requests of the binary protocol to their answers", kind: .counter,
        samples: seconds),
    ]
  }
}
