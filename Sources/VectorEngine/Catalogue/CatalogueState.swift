import VectorModel

/// Which collections and aliases there are: the fold of the catalogue's log.
struct CatalogueState: Hashable, Sendable {
  private(set) var collections: [String: UUID128] = [:]
  /// The collection of each alias.
  private(set) var aliases: [String: UUID128] = [:]

  /// One change, as the catalogue's log keeps it.
  enum Change: Hashable, Sendable {
    case create(UUID128, name: String)
    case delete(UUID128)
    /// Gives a name, and the aliases of the collection that had it, to another collection: the end of a restore.
    /// The one that had it is forgotten.
    case rename(UUID128, name: String)
    case setAliases([String: UUID128])
    /// The whole state, with which a compacted log begins.
    case reset(collections: [String: UUID128], aliases: [String: UUID128])

    /// The collections that have a name from now on, if they had none.
    var named: [UUID128] {
      switch self {
      case .create(let id, _), .rename(let id, _): [id]
      case .delete, .setAliases: []
      case .reset(let collections, _): Array(collections.values)
      }
    }
  }

  mutating func apply(_ change: Change) {
    switch change {
    case .create(let id, let name):
      collections[name] = id
    case .delete(let id):
      collections = collections.filter { $0.value != id }
      aliases = aliases.filter { $0.value != id }
    case .rename(let id, let name):
      collections = collections.filter { $0.value != id }
      if let old = collections.updateValue(id, forKey: name) {
        aliases = aliases.mapValues { $0 == old ? id : $0 }
      }
    case .setAliases(let new):
      aliases = new
    case .reset(let collections, let aliases):
      self.collections = collections
      self.aliases = aliases
    }
  }

  /// The collection of a name or an alias.
  /// - Throws: `notFound`.
  func collection(named name: String) throws(RequestError) -> UUID128 {
    guard let id = collections[name] ?? aliases[name] else {
      throw .notFound("Collection `\(name)` doesn't exist!")
    }
    return id
  }

  /// The name of a collection, not an alias.
  func name(of id: UUID128) -> String? { collections.first { $0.value == id }?.key }

  /// Aliases with their collections' names, ascending.
  func aliasList(of id: UUID128? = nil) -> [Alias] {
    aliases.filter { id == nil || $0.value == id }
      .map { Alias(alias: $0.key, collection: name(of: $0.value) ?? "") }
      .sorted { $0.alias < $1.alias }
  }

  /// The aliases after all actions.
  /// - Throws: when one of them does not fit; then none counts.
  func aliases(after actions: [AliasAction]) throws(RequestError) -> [String: UUID128] {
    var result = aliases
    for action in actions {
      switch action {
      case .create(let alias, let collection):
        try Self.checkName(alias, "alias")
        guard collections[alias] == nil else {
          throw .wrongInput(
            "Can't create alias with name \(alias). Collection with the same name already exists")
        }
        guard let id = collections[collection] else {
          throw .notFound("Collection `\(collection)` doesn't exist!")
        }
        result[alias] = id
      case .delete(let alias):
        result[alias] = nil
      case .rename(let old, let new):
        try Self.checkName(new, "alias")
        guard collections[new] == nil else {
          throw .wrongInput(
            "Can't create alias with name \(new). Collection with the same name already exists")
        }
        guard let id = result.removeValue(forKey: old) else {
          throw .notFound("Alias \(old) does not exists!")
        }
        result[new] = id
      }
    }
    return result
  }

  /// - Throws: `validation` naming the thing, the name and the rule.
  static func checkName(_ name: String, _ thing: String) throws(RequestError) {
    let count = name.unicodeScalars.count
    guard count >= 1, count <= CollectionConfiguration.nameBytesMax else {
      throw .validation(
        "\(thing) name of \(count) characters, only 1...\(CollectionConfiguration.nameBytesMax) fit")
    }
    let forbidden: Set<Unicode.Scalar> = ["<", ">", ":", "\"", "/", "\\", "|", "?", "*", "\0", "\u{1F}"]
    if let character = name.unicodeScalars.first(where: { forbidden.contains($0) }) {
      throw .validation("\(thing) name cannot contain \"\(character.escaped(asASCII: true))\" char")
    }
    guard name != ".", name != ".." else { throw .validation("\(thing) name cannot be \"\(name)\"") }
  }
}

/// A change's bytes: a kind, then its values.
extension CatalogueState.Change {
  var encoded: [UInt8] {
    var writer = ByteWriter()
    switch self {
    case .create(let id, let name):
      writer.byte(1)
      writer.uuid(id)
      writer.text(name)
    case .delete(let id):
      writer.byte(2)
      writer.uuid(id)
    case .rename(let id, let name):
      writer.byte(3)
      writer.uuid(id)
      writer.text(name)
    case .setAliases(let aliases):
      writer.byte(4)
      writer.names(aliases)
    case .reset(let collections, let aliases):
      writer.byte(5)
      writer.names(collections)
      writer.names(aliases)
    }
    return writer.bytes
  }

  init(decoding bytes: [UInt8]) throws(RequestError) {
    var reader = ByteReader(bytes)
    switch try reader.byte() {
    case 1:
      let id = try reader.uuid()
      self = .create(id, name: try reader.text())
    case 2: self = .delete(try reader.uuid())
    case 3:
      let id = try reader.uuid()
      self = .rename(id, name: try reader.text())
    case 4: self = .setAliases(try reader.names())
    case 5:
      let collections = try reader.names()
      self = .reset(collections: collections, aliases: try reader.names())
    case let kind: throw reader.malformed("catalogue change of kind \(kind)")
    }
    guard reader.isAtEnd else { throw reader.malformed("\(reader.remaining) bytes after the change") }
  }
}

extension ByteWriter {
  fileprivate mutating func names(_ names: [String: UUID128]) {
    count(names.count)
    for (name, id) in names.sorted(by: { $0.key < $1.key }) {
      text(name)
      uuid(id)
    }
  }
}

extension ByteReader {
  fileprivate mutating func names() throws(RequestError) -> [String: UUID128] {
    var names: [String: UUID128] = [:]
    for _ in 0..<(try count(bytesEach: 17)) {
      let name = try text()
      names[name] = try uuid()
    }
    return names
  }
}
