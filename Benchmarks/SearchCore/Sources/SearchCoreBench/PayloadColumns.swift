import VectorIndex
import VectorModel

/// The indexed payloads of the rows, to evaluate filters as the server does.
struct PayloadColumns {
  private static let debianFields = [
    PayloadField(path: "language", type: .keyword), PayloadField(path: "section", type: .keyword),
    PayloadField(path: "priority", type: .keyword), PayloadField(path: "source", type: .keyword),
    PayloadField(path: "package", type: .keyword), PayloadField(path: "installed_size", type: .integer),
    PayloadField(path: "size", type: .integer), PayloadField(path: "n_depends", type: .integer),
  ]

  private var indexes = PayloadIndexes()
  private let context: FilterContext
  private let parts: [(field: PayloadField, part: PayloadIndexPart)]

  /// - Parameters:
  ///   - lines: a JSON object a line, one line a row
  ///   - names: the fields that get an index, as `name:type`; none: those of the Debian packages
  init(lines: [UInt8], fields names: ArraySlice<String>) throws {
    let payloads = lines.split(separator: UInt8(ascii: "\n")).map(Array.init)
    let fields = names.isEmpty ? Self.debianFields : names.compactMap(Self.field)
    var builder = try PayloadIndexBuilder(fields)
    for (slot, payload) in payloads.enumerated() { try builder.add(slot: UInt32(slot), payload: payload) }
    parts = zip(fields, builder.finish(slotCount: payloads.count)).map { ($0, $1) }
    for (field, part) in parts {
      try indexes.declare(field, part: part) { _ throws(RequestError) in [] }
    }
    context = FilterContext(
      alive: Bitset(count: payloads.count, repeating: true), id: { .number(UInt64($0)) },
      slot: { if case .number(let number) = $0 { UInt32(number) } else { nil } }, vectors: { _ in nil },
      payload: { slot throws(RequestError) in payloads[Int(slot)] })
  }

  private static func field(_ word: String) -> PayloadField? {
    let parts = word.split(separator: ":").map(String.init)
    guard parts.count == 2, let type = PayloadFieldType(name: parts[1]) else { return nil }
    return PayloadField(path: parts[0], type: type)
  }

  /// The rows of each large value of a field.
  func rows(of field: String, m: Int, counts: ClosedRange<Int>) -> FieldRows {
    let values = parts.first { $0.field.path == field }?.part.values(slotCounts: counts) ?? []
    return FieldRows(
      field: field, m: m, values: values.map { FieldRows.Value(term: $0.term, rows: $0.slots) })
  }

  static func filter(_ json: String) throws -> Filter {
    try JSONReader.read(Array(json.utf8)) { (reader) throws(RequestError) in try Filter(json: &reader) }
  }

  func rows(matching filter: Filter) throws -> Bitset {
    try indexes.resolve(filter, context) { () throws(RequestError) in }
  }
}
