import VectorEmbedder
import VectorModel

/// A query vector as JSON, or the points that it finds as a table.
enum VectorOutput {
  static func show(
    _ vector: [Float], identity: ModelIdentity, using: String, search: Bool, limit: Int,
    _ values: SettingValues
  ) async throws {
    guard search else {
      Terminal.line("[" + vector.map { "\($0)" }.joined(separator: ",") + "]")
      return
    }
    let collection = VideoCollection(
      name: values.collection, vectors: [(using, identity)], sink: try ServerSink.connect(values))
    let points = try await ServerFailure.named {
      guard try await collection.check().missing.isEmpty else {
        throw RequestError.notFound("collection `\(values.collection)` has no vector `\(using)`")
      }
      return try await collection.search(vector, using: using, limit: limit)
    }
    for point in points {
      let payload = try point.record.payload.map { try JSONValue(parsing: $0) }
      let paths = payload?["paths"].map(text) ?? ""
      Terminal.line("\(point.score)\t\(payload?["title"].map(text) ?? "")\t\(paths)")
    }
  }

  private static func text(_ value: JSONValue) -> String {
    switch value {
    // A name may hold anything; a table has one row a line.
    case .string(let text):
      text.replacing("\n", with: "\\n").replacing("\r", with: "\\r").replacing("\t", with: "\\t")
    case .array(let values): values.map(text).joined(separator: " ")
    default: ""
    }
  }
}
