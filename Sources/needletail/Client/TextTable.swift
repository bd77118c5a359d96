/// Rows of text in columns of equal width.
struct TextTable {
  private var rows: [[String]]
  /// Columns that end at the right; figures do.
  private let rightColumns: Set<Int>

  init(_ titles: [String], rightColumns: Set<Int> = []) {
    rows = [titles]
    self.rightColumns = rightColumns
  }

  mutating func add(_ row: [String]) { rows.append(row) }

  var text: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        line += (column == 0 ? "" : "  ") + (rightColumns.contains(column) ? padding + cell : cell + padding)
      }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}

/// A number with `digits` digits behind the point.
func fixed(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite else { return "\(value)" }
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let scaled = Int64((value.magnitude * scale).rounded())
  let whole = "\(scaled / Int64(scale))"
  let sign = value < 0 && scaled > 0 ? "-" : ""
  if digits == 0 { return sign + whole }
  let fraction = "\(scaled % Int64(scale))"
  return "\(sign)\(whole).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
}
