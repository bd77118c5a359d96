import ArgumentParser
import VectorModel

/// `needletail query`: one search on a running server.
struct QueryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query",
    abstract: "Search a collection of a running server.",
    discussion: "Without --vector and --id the points come in the order of their ids.")

  @Argument(help: "The collection's name or alias.") var collection: String
  @Option(help: "The vector to search for, as JSON: [0.1, 0.2].") var vector: String?
  @Option(help: "The point to search for the like of: a number or a UUID.") var id: String?
  @Option(help: "The named vector to search.") var using: String?
  @Option(help: "A filter, as JSON.") var filter: String?
  @Option(help: "How many points to return.") var limit = 10
  @Option(help: "The width of the graph search (hnsw_ef).") var ef: Int?
  @Flag(help: "Compare with every point.") var exact = false
  @Flag(help: "Return the payload too.") var withPayload = false
  @OptionGroup var client: ClientOptions

  func validate() throws {
    if vector != nil, id != nil { throw ValidationError("Give --vector or --id, not both.") }
    if limit < 1 { throw ValidationError("--limit \(limit) must be at least 1.") }
  }

  func run() async throws {
    let body = try body()
    try await client.withServer { connection in
      let server = connection.rest
      let result = try await server.result(
        .POST, "/collections/\(pathSegment(collection))/points/query", body)
      StandardOutput.line(client.json ? result.text : Self.table(result, withPayload: withPayload))
    }
  }

  private func body() throws(RequestError) -> [UInt8] {
    let vector = try vector.map { text throws(RequestError) in try JSONValue(parsing: Array(text.utf8)) }
    let filter = try filter.map { text throws(RequestError) in try JSONValue(parsing: Array(text.utf8)) }
    var writer = JSONWriter()
    writer.object { writer in
      if let vector { writer.member("query", vector) }
      if let id { writer.member("query", UInt64(id).map { .unsigned($0) } ?? .string(id)) }
      if let using { writer.member("using", using) }
      if let filter { writer.member("filter", filter) }
      writer.member("limit", limit)
      writer.member("with_payload", withPayload)
      writer.key("params")
      writer.object { writer in
        if let ef { writer.member("hnsw_ef", ef) }
        writer.member("exact", exact)
      }
    }
    return writer.bytes
  }

  private static func table(_ result: JSONValue, withPayload: Bool) -> String {
    var table = TextTable(["id", "score"] + (withPayload ? ["payload"] : []), rightColumns: [0, 1])
    if case .array(let points)? = result["points"] {
      for point in points {
        let cells = [point["id"]?.text ?? "", point["score"]?.text ?? ""]
        table.add(cells + (withPayload ? [point["payload"]?.text ?? ""] : []))
      }
    }
    return table.text
  }
}
