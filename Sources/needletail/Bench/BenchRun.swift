import NIOHTTP1
import VectorModel

/// Loads a dataset into a server and searches it.
struct BenchRun: Sendable {
  struct Load: Sendable {
    var loadSeconds: Double
    /// From the last acknowledgement until the collection was green.
    var indexSeconds: Double
  }

  /// One filter at one width of search.
  struct Row: Sendable {
    var filter: String
    var share: Double
    /// Absent: the server's own.
    var ef: Int?
    var queries: Int
    /// The mean share of the ten exact neighbours that were found.
    var recall: Double
    var meanMilliseconds: Double
    var p50Milliseconds: Double
    var p99Milliseconds: Double
  }

  let dataset: BenchDataset
  let client: RESTClient
  let collection: String

  private var path: String { "/collections/\(pathSegment(collection))" }

  /// Makes the collection with its payload indexes, upserts all points, and waits until it is indexed.
  func load(batch: Int, progress: (Int) -> Void) async throws -> Load {
    var writer = JSONWriter()
    writer.object { writer in
      writer.key("vectors")
      writer.object { writer in
        writer.member("size", dataset.base.columnCount)
        writer.member("distance", "Cosine")
      }
    }
    _ = try await client.result(.PUT, path, writer.bytes)
    for (key, type) in dataset.indexes {
      var writer = JSONWriter()
      writer.object { writer in
        writer.member("field_name", key)
        writer.member("field_schema", type)
      }
      _ = try await client.result(.PUT, path + "/index?wait=true", writer.bytes)
    }
    let start = ContinuousClock.now
    for first in stride(from: 0, to: dataset.base.rowCount, by: batch) {
      let rows = first..<min(first + batch, dataset.base.rowCount)
      _ = try await client.result(.PUT, path + "/points?wait=true", points(rows))
      progress(rows.upperBound)
    }
    let loaded = ContinuousClock.now
    try await untilIndexed()
    return Load(loadSeconds: seconds(start, loaded), indexSeconds: seconds(loaded, .now))
  }

  func drop() async throws { _ = try await client.result(.DELETE, path) }

  /// Searches with every query of which the exact neighbours are known.
  func search(_ filter: BenchDataset.NamedFilter, ef: Int?) async throws -> Row {
    var times: [Double] = []
    var recall = 0.0
    for query in 0..<filter.neighbours.rowCount {
      let body = search(dataset.queries.floats(query), filter.filter, ef)
      let start = ContinuousClock.now
      let result = try await client.result(.POST, path + "/points/query", body)
      times.append(seconds(start, .now) * 1000)
      recall += Self.recall(result, filter.neighbours.integers(query).prefix(Self.limit).filter { $0 >= 0 })
    }
    times.sort()
    return Row(
      filter: filter.name, share: filter.share, ef: ef, queries: times.count,
      recall: recall / Double(max(1, times.count)),
      meanMilliseconds: times.reduce(0, +) / Double(max(1, times.count)),
      p50Milliseconds: times.isEmpty ? 0 : times[times.count / 2],
      p99Milliseconds: times.isEmpty ? 0 : times[times.count * 99 / 100])
  }

  // MARK: Private parts

  /// Recall is counted at it.
  private static let limit = 10

  private func points(_ rows: Range<Int>) -> [UInt8] {
    var writer = JSONWriter(reservingCapacity: rows.count * (dataset.base.columnCount * 12 + 1024))
    writer.object { writer in
      writer.key("points")
      writer.array(rows) { writer, row in
        writer.object { writer in
          writer.member("id", row)
          writer.key("vector")
          writer.numbers(dataset.base.floats(row))
          writer.key("payload")
          writer.raw(dataset.payloads[row])
        }
      }
    }
    return writer.bytes
  }

  private func search(_ vector: [Float], _ filter: JSONValue?, _ ef: Int?) -> [UInt8] {
    var writer = JSONWriter(reservingCapacity: vector.count * 12 + 512)
    writer.object { writer in
      writer.key("query")
      writer.numbers(vector)
      writer.member("limit", Self.limit)
      if let filter { writer.member("filter", filter) }
      if let ef {
        writer.key("params")
        writer.object { $0.member("hnsw_ef", ef) }
      }
    }
    return writer.bytes
  }

  /// The share of `exact` that the result holds; 1 where there is nothing to find and nothing found.
  private static func recall(_ result: JSONValue, _ exact: [Int]) -> Double {
    var found: Set<Int> = []
    if case .array(let points)? = result["points"] {
      for case .integer(let id)? in points.map({ $0["id"] }) { found.insert(Int(id)) }
    }
    if exact.isEmpty { return found.isEmpty ? 1 : 0 }
    return Double(exact.filter(found.contains).count) / Double(exact.count)
  }

  /// Waits until the collection is green.
  private func untilIndexed() async throws {
    while try await client.result(.GET, path)["status"] != .string("green") {
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  private func seconds(_ start: ContinuousClock.Instant, _ end: ContinuousClock.Instant) -> Double {
    let duration = start.duration(to: end).components
    return Double(duration.seconds) + Double(duration.attoseconds) / 1e18
  }
}
