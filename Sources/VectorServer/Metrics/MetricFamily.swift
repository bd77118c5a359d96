/// One metric with all its samples, as Prometheus' text format shows it.
package struct MetricFamily: Sendable {
  package enum Kind: String, Sendable { case counter, gauge, histogram }

  package struct Sample: Sendable {
    package var value: Double
    package var labels: [(name: String, value: String)]
    /// What follows the family's name, as `_bucket` in a histogram.
    package var suffix: String

    package init(_ value: Double, labels: [(name: String, value: String)] = [], suffix: String = "") {
      self.value = value
      self.labels = labels
      self.suffix = suffix
    }
  }

  package var name: String
  package var help: String
  package var kind: Kind
  package var samples: [Sample]

  package init(name: String, help: String, kind: Kind, samples: [Sample]) {
    self.name = name
    self.help = help
    self.kind = kind
    self.samples = samples
  }

  /// A metric of one value.
  package init(name: String, help: String, kind: Kind, value: Double) {
    self.init(name: name, help: help, kind: kind, samples: [Sample(value)])
  }
}

/// A part of the server that has figures of its own for `/metrics`.
package protocol MetricsSource: Sendable {
  /// The figures of this moment; called from any thread, and quick.
  func metrics() -> [MetricFamily]
}
