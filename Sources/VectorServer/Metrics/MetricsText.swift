/// Writes metrics in Prometheus' text format, version 0.0.4.
package struct MetricsText {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package mutating func write(_ family: MetricFamily) {
    guard !family.samples.isEmpty else { return }
    append("# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.kind.rawValue)\n")
    for sample in family.samples {
      append(family.name)
      append(sample.suffix)
      if !sample.labels.isEmpty {
        let labels = sample.labels.map { "\($0.name)=\"\(Self.escape($0.value))\"" }
        append("{\(labels.joined(separator: ","))}")
      }
      append(" \(Self.number(sample.value))\n")
    }
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private static func number(_ value: Double) -> String {
    if let whole = Int64(exactly: value) { return String(whole) }
    return value.isNaN ? "NaN" : value.isInfinite ? (value > 0 ? "+Inf" : "-Inf") : value.description
  }

  private static func escape(_ text: String) -> String {
    var escaped = ""
    for character in text.unicodeScalars {
      switch character {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }
}
