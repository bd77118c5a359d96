import HashTreeCollections
import VectorModel

/// One field's values in the overlay, by row: flat columns that are appended to and scanned.
struct OverlayField: Sendable {
  let path: PayloadPath
  let type: PayloadFieldType
  /// By entry, ascending: the row that has the value.
  private(set) var rows = ChunkedArray<UInt32>()
  /// By entry: a number, or a term's place among the terms.
  private(set) var keys = ChunkedArray<Int64>()
  /// By row.
  private(set) var facts = ChunkedArray<UInt8>()
  /// What has been true of any row.
  private(set) var everFacts: FieldValues.Facts = []
  private(set) var counts = ChunkedArray<RowCount>()
  /// The distinct terms, one behind the other.
  private var termBytes = ChunkedArray<UInt8>()
  /// Where each term ends in `termBytes`.
  private var termEnds = ChunkedArray<UInt32>()
  private var termIndices = TreeDictionary<[UInt8], UInt32>()

  /// How many elements the one array of a row has, where it is several.
  struct RowCount: Sendable {
    let row: UInt32
    let count: Int
  }

  init(path: PayloadPath, type: PayloadFieldType) {
    self.path = path
    self.type = type
  }

  /// - Parameter row: one more than the last
  mutating func append(_ values: FieldValues, row: Int) {
    precondition(row == facts.count)
    facts.append(values.facts.rawValue)
    everFacts.formUnion(values.facts)
    if let count = values.countBeyondOne { counts.append(RowCount(row: UInt32(row), count: count)) }
    for value in values.values {
      rows.append(UInt32(row))
      switch value {
      case .number(let key): keys.append(key)
      case .term(let term): keys.append(Int64(intern(term)))
      }
    }
  }

  /// Keeps the rows that have a new number; new numbers keep the order.
  mutating func renumber(_ newRows: [Int?]) {
    let old = self
    self = OverlayField(path: path, type: type)
    for row in newRows.indices where newRows[row] != nil {
      facts.append(old.facts[row])
      everFacts.formUnion(FieldValues.Facts(rawValue: old.facts[row]))
    }
    for entry in old.counts {
      if let row = newRows[Int(entry.row)] { counts.append(RowCount(row: UInt32(row), count: entry.count)) }
    }
    for entry in old.rows.indices {
      guard let row = newRows[Int(old.rows[entry])] else { continue }
      rows.append(UInt32(row))
      let key = old.keys[entry]
      keys.append(IndexedValue.isNumeric(type) ? key : Int64(intern(old.term(Int(key)))))
    }
  }

  /// How many distinct terms there are.
  var termCount: Int { termEnds.count }

  /// The term at a place.
  func term(_ index: Int) -> [UInt8] {
    let start = index == 0 ? 0 : Int(termEnds[index - 1])
    return (start..<Int(termEnds[index])).map { termBytes[$0] }
  }

  /// The place of a term.
  func index(of term: [UInt8]) -> Int? { termIndices[term].map { Int($0) } }

  /// The distinct terms of a row.
  /// - Complexity: O(log entries + terms).
  func terms(ofRow row: Int) -> [[UInt8]] {
    var low = 0
    var high = rows.count
    while low < high {
      let middle = (low + high) / 2
      if rows[middle] < row { low = middle + 1 } else { high = middle }
    }
    var found: [Int64] = []
    while low < rows.count, rows[low] == row {
      if !found.contains(keys[low]) { found.append(keys[low]) }
      low += 1
    }
    return found.map { term(Int($0)) }
  }

  /// Calls `body` with the row of each entry whose key is wanted.
  @inline(__always) func forEachRow(where isWanted: (Int64) -> Bool, _ body: (UInt32) -> Void) {
    keys.forEachChunk { chunk, first in
      for (offset, key) in chunk.enumerated() where isWanted(key) { body(rows[first + offset]) }
    }
  }

  private mutating func intern(_ term: [UInt8]) -> UInt32 {
    if let index = termIndices[term] { return index }
    let index = UInt32(termEnds.count)
    termIndices[term] = index
    for byte in term { termBytes.append(byte) }
    termEnds.append(UInt32(termBytes.count))
    return index
  }
}
