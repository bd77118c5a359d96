extension AliasAction {
  /// How many actions one request may hold.
  package static let actionsMax = 10_000

  /// Reads the body of `collections/aliases`: actions that happen together or not at all.
  package static func list(json reader: inout JSONReader) throws(RequestError) -> [AliasAction] {
    var actions: [AliasAction]?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      if key == "actions" {
        actions = try reader.readList("actions", atMost: actionsMax) { (reader) throws(RequestError) in
          try AliasAction(json: &reader)
        }
      } else {
        try reader.skipValue()
      }
    }
    return try reader.required("actions", actions)
  }

  private init(json reader: inout JSONReader) throws(RequestError) {
    var action: AliasAction?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      guard action == nil else {
        throw reader.error("an alias action has one key, `\(JSONReader.excerpt(key))` is a second one")
      }
      switch key {
      case "create_alias":
        let names = try Self.names(["alias_name", "collection_name"], json: &reader)
        action = .create(alias: names[0], collection: names[1])
      case "delete_alias":
        action = .delete(alias: try Self.names(["alias_name"], json: &reader)[0])
      case "rename_alias":
        let names = try Self.names(["old_alias_name", "new_alias_name"], json: &reader)
        action = .rename(old: names[0], new: names[1])
      default:
        throw reader.unknownWord(key, expected: ["create_alias", "delete_alias", "rename_alias"])
      }
    }
    guard let action else { throw reader.error("an alias action has one key, it has none") }
    self = action
  }

  /// Reads an object's strings at `keys`, all of which must be there, in that order.
  private static func names(_ keys: [String], json reader: inout JSONReader) throws(RequestError) -> [String]
  {
    var found: [String: String] = [:]
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      if keys.contains(key) { found[key] = try reader.readString() } else { try reader.skipValue() }
    }
    var names: [String] = []
    for key in keys { names.append(try reader.required(key, found[key])) }
    return names
  }
}
