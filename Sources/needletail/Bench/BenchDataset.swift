import VectorModel
import VectorServer

/// A directory of points, queries and their exact neighbours, laid out as `debian50k` is.
///
/// `base.npy` rows are the points' vectors by id, `payload.jsonl` their payloads, `queries.npy` the queries,
/// `gt.npy` each query's exact neighbours; `filters.json` names filters, and `fgt_<name>.npy` has the exact
/// neighbours among their points, −1 where there are fewer.
struct BenchDataset: Sendable {
  struct NamedFilter: Sendable {
    var name: String
    /// Absent: every point.
    var filter: JSONValue?
    var share: Double
    /// [queries × neighbours] ids, best first.
    var neighbours: NumpyArray
  }

  let base: NumpyArray
  let payloads: [ArraySlice<UInt8>]
  let queries: NumpyArray
  /// The empty filter first.
  let filters: [NamedFilter]

  static let fileBytesMax = 1 << 34

  init(directory: String) throws {
    func bytes(_ name: String) throws -> [UInt8] {
      try ProcessInputs.contents(of: "\(directory)/\(name)", bytesMax: Self.fileBytesMax)
    }
    func array(_ name: String) throws -> NumpyArray { try NumpyArray(bytes(name), name: name) }
    base = try array("base.npy")
    queries = try array("queries.npy")
    payloads = try bytes("payload.jsonl").split(separator: UInt8(ascii: "\n"))
    guard payloads.count == base.rowCount, queries.columnCount == base.columnCount else {
      throw RequestError.badRequest(
        "\(directory) has \(base.rowCount) vectors of \(base.columnCount) dimensions, \(payloads.count) payloads and queries of \(queries.columnCount) dimensions"
      )
    }
    var filters = [NamedFilter(name: "(none)", filter: nil, share: 1, neighbours: try array("gt.npy"))]
    if case .array(let list) = try JSONValue(parsing: bytes("filters.json")) {
      for entry in list {
        guard case .string(let name)? = entry["name"], let filter = entry["filter"] else { continue }
        let share = if case .double(let share)? = entry["selectivity"] { share } else { Double.nan }
        filters.append(
          NamedFilter(name: name, filter: filter, share: share, neighbours: try array("fgt_\(name).npy")))
      }
    }
    self.filters = filters
  }

  /// The payload keys that the filters test, and the index that each needs.
  var indexes: [(key: String, type: String)] {
    var types: [String: String] = [:]
    for filter in filters { if let filter = filter.filter { Self.collect(filter, into: &types) } }
    return types.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private static func collect(_ value: JSONValue, into types: inout [String: String]) {
    switch value {
    case .array(let elements):
      for element in elements { collect(element, into: &types) }
    case .object(let members):
      if case .string(let key)? = value["key"] {
        if value["range"] != nil { types[key] = "integer" }
        switch value["match"]?["value"] {
        case .string: types[key] = "keyword"
        case .integer: types[key] = "integer"
        case .bool: types[key] = "bool"
        default: if value["match"] != nil, types[key] == nil { types[key] = "keyword" }
        }
      } else {
        for member in members { collect(member.value, into: &types) }
      }
    default: break
    }
  }
}
