import ArgumentParser
import VectorModel

/// `needletail collections`: what a running server holds.
struct CollectionsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collections", abstract: "List the collections of a running server.")

  @OptionGroup var client: ClientOptions

  func run() async throws {
    try await client.withServer { connection in
      let server = connection.rest
      let list = try await server.result(.GET, "/collections")
      var descriptions: [(name: String, info: JSONValue)] = []
      if case .array(let entries)? = list["collections"] {
        for case .string(let name)? in entries.map({ $0["name"] }) {
          descriptions.append((name, try await server.result(.GET, "/collections/\(pathSegment(name))")))
        }
      }
      descriptions.sort { $0.name < $1.name }
      StandardOutput.line(client.json ? Self.json(descriptions) : Self.table(descriptions))
    }
  }

  private static func json(_ descriptions: [(name: String, info: JSONValue)]) -> String {
    var writer = JSONWriter()
    writer.object { writer in
      for (name, info) in descriptions {
        writer.key(name)
        info.write(to: &writer)
      }
    }
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  private static func table(_ descriptions: [(name: String, info: JSONValue)]) -> String {
    var table = TextTable(["name", "status", "points", "indexed", "vectors"], rightColumns: [2, 3])
    for (name, info) in descriptions {
      table.add([
        name, info["status"]?.text ?? "", info["points_count"]?.text ?? "",
        info["indexed_vectors_count"]?.text ?? "", vectors(info["config"]?["params"]?["vectors"]),
      ])
    }
    return table.text
  }

  /// `384 Cosine`, or each name before its own.
  private static func vectors(_ value: JSONValue?) -> String {
    guard let value, case .object(let members) = value else { return "" }
    if value["size"] != nil { return "\(value["size"]?.text ?? "") \(value["distance"]?.text ?? "")" }
    return members.map { "\($0.key): \(vectors($0.value))" }.joined(separator: ", ")
  }
}

extension JSONValue {
  /// A scalar as text, without quotes; anything else as JSON.
  var text: String {
    if case .string(let text) = self { return text }
    var writer = JSONWriter()
    write(to: &writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}
