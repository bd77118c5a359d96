import VectorModel

/// What one payload has at one indexed path: everything that makes conditions on it answerable.
struct FieldValues: Sendable {
  /// What stands at the path, of which an index keeps one for each point.
  struct Facts: OptionSet, Sendable {
    let rawValue: UInt8

    /// The one value is null.
    static let null = Facts(rawValue: 1)
    /// There is no value, or the one value is `[]`.
    static let absent = Facts(rawValue: 2)
    /// The one value is an array with a null in it.
    static let nullInside = Facts(rawValue: 4)
    /// The path reached several values, so that conditions on null, emptiness and counts stay open.
    static let several = Facts(rawValue: 8)
    /// Some value or element, not null, that the index does not keep.
    static let other = Facts(rawValue: 16)
    /// Some value or element that the index keeps.
    static let indexed = Facts(rawValue: 32)

    static let each: [Facts] = [.null, .absent, .nullInside, .several, .other, .indexed]
  }

  /// The values that the index keeps, as often as they stand there.
  var values: [IndexedValue] = []
  fileprivate(set) var marks: Facts = []
  fileprivate(set) var reachedCount = 0
  /// The elements of the one value where it is an array, otherwise 1.
  fileprivate(set) var elementCount = 1

  var facts: Facts {
    var facts = marks
    if reachedCount == 0 { facts.insert(.absent) }
    if reachedCount > 1 {
      facts.subtract([.null, .absent, .nullInside])
      facts.insert(.several)
    }
    if !values.isEmpty { facts.insert(.indexed) }
    return facts
  }

  /// How many values `values_count` sees, where that is neither what the facts say nor 1.
  var countBeyondOne: Int? { reachedCount == 1 && elementCount > 1 ? elementCount : nil }

  fileprivate mutating func add(_ value: JSONValue?, type: PayloadFieldType) {
    guard let value, let indexed = IndexedValue(value, type: type) else {
      if value != .null { marks.insert(.other) }
      return
    }
    values.append(indexed)
  }
}

/// Reads the values of all indexed fields out of a payload, in one walk.
struct FieldExtractor: PayloadVisitor, Sendable {
  private(set) var trie = PayloadTrie()
  var marks: [JSONReader.Mark?] = []
  private let types: [PayloadFieldType]
  /// Of the last payload, by field.
  private(set) var fields: [FieldValues]

  init(_ fields: [(path: PayloadPath, type: PayloadFieldType)]) {
    for (leaf, field) in fields.enumerated() {
      trie.addLeaf(leaf, at: field.path, readsObjects: field.type == .geo)
    }
    types = fields.map(\.type)
    self.fields = Array(repeating: FieldValues(), count: fields.count)
  }

  /// - Throws: where the bytes are no JSON object.
  mutating func extract(_ payload: [UInt8]) throws(RequestError) {
    marks.removeAll(keepingCapacity: true)
    for index in fields.indices { fields[index] = FieldValues() }
    try walk(payload)
  }

  mutating func visitScalar(_ leaf: Int, _ value: JSONValue) {
    fields[leaf].reachedCount += 1
    if value == .null { fields[leaf].marks.insert(.null) }
    fields[leaf].add(value, type: types[leaf])
  }

  mutating func visitObject(_ leaf: Int, _ value: JSONValue?) {
    fields[leaf].reachedCount += 1
    fields[leaf].add(value, type: types[leaf])
  }

  mutating func visitElement(_ leaf: Int, _ value: JSONValue?) {
    fields[leaf].add(value, type: types[leaf])
  }

  mutating func visitArray(_ leaf: Int, count: Int, hasNull: Bool) {
    fields[leaf].reachedCount += 1
    fields[leaf].elementCount = count
    if count == 0 { fields[leaf].marks.insert(.absent) }
    if hasNull { fields[leaf].marks.insert(.nullInside) }
  }
}
