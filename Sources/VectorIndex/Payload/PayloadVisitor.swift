import VectorModel

/// What is told of the values that a walk over one payload meets.
///
/// A path may reach no value, one, or through `[]` several. Where a value is an array, its elements are told
/// first and then the array; they are looked at one level deep only.
protocol PayloadVisitor {
  var trie: PayloadTrie { get }
  /// Places of members to come back to; scratch memory of the walk, empty outside of it.
  var marks: [JSONReader.Mark?] { get set }

  /// A value that is null, a bool, a number or a string.
  mutating func visitScalar(_ leaf: Int, _ value: JSONValue)
  /// A value that is an object; nil where no leaf of its path reads objects.
  mutating func visitObject(_ leaf: Int, _ value: JSONValue?)
  /// An element of a value that is an array; nil stands for an array, or an object that no leaf reads.
  mutating func visitElement(_ leaf: Int, _ value: JSONValue?)
  /// A value that is an array.
  mutating func visitArray(_ leaf: Int, count: Int, hasNull: Bool)
  /// An object that a nested filter is asked about; must read over it.
  mutating func visitNested(_ nested: Int, _ reader: inout JSONReader) throws(RequestError)
}

extension PayloadVisitor {
  mutating func visitNested(_ nested: Int, _ reader: inout JSONReader) throws(RequestError) {
    try reader.skipValue()
  }

  /// Walks over a payload; empty bytes are an empty one.
  /// - Throws: where the bytes are no JSON object.
  mutating func walk(_ payload: [UInt8]) throws(RequestError) {
    if payload.isEmpty { return }
    try JSONReader.read(payload) { (reader) throws(RequestError) in try walkObject(0, &reader) }
  }

  /// Reads the object at the reader's place; of members with the same key the last counts.
  mutating func walkObject(_ node: Int, _ reader: inout JSONReader) throws(RequestError) {
    let wanted = trie.nodes[node]
    let base = marks.count
    for _ in wanted.keys { marks.append(nil) }
    try reader.openObject()
    while let key = try reader.nextKey() {
      if let place = wanted.place(of: key) { marks[base + place] = reader.mark() }
      try reader.skipValue()
    }
    let end = reader.mark()
    for place in wanted.keys.indices {
      guard let mark = marks[base + place] else { continue }
      reader.rewind(to: mark)
      try walkValue(wanted.keys[place].node, &reader)
    }
    reader.rewind(to: end)
    marks.removeLast(wanted.keys.count)
  }

  private mutating func walkValue(_ node: Int, _ reader: inout JSONReader) throws(RequestError) {
    switch try reader.peek() {
    case .object:
      let wanted = trie.nodes[node]
      let value = try wanted.readsObjects ? reader.lookAhead(Self.readValue) : nil
      for leaf in wanted.leaves { visitObject(leaf, value) }
      for nested in wanted.nested {
        let start = reader.mark()
        try visitNested(nested, &reader)
        reader.rewind(to: start)
      }
      if wanted.keys.isEmpty { try reader.skipValue() } else { try walkObject(node, &reader) }
    case .array:
      if trie.nodes[node].wantsElements { try walkArray(node, &reader) } else { try reader.skipValue() }
    default:
      let value = try reader.readValue()
      for leaf in trie.nodes[node].leaves { visitScalar(leaf, value) }
    }
  }

  private mutating func walkArray(_ node: Int, _ reader: inout JSONReader) throws(RequestError) {
    let wanted = trie.nodes[node]
    var count = 0
    var hasNull = false
    try reader.openArray()
    while try reader.nextElement() {
      let single = wanted.positions[count]
      switch try reader.peek() {
      case let kind where kind == .object || kind == .array:
        let readsElement = wanted.readsObjects && kind == .object
        let value = try readsElement ? reader.lookAhead(Self.readValue) : nil
        for leaf in wanted.leaves { visitElement(leaf, value) }
        for next in [wanted.elements, single] {
          guard let next else { continue }
          let start = reader.mark()
          try walkValue(next, &reader)
          reader.rewind(to: start)
        }
        try reader.skipValue()
      default:
        let value = try reader.readValue()
        if value == .null { hasNull = true }
        for leaf in wanted.leaves { visitElement(leaf, value) }
        if let elements = wanted.elements { visitScalars(elements, value) }
        if let single { visitScalars(single, value) }
      }
      count += 1
    }
    for leaf in wanted.leaves { visitArray(leaf, count: count, hasNull: hasNull) }
  }

  private static func readValue(_ reader: inout JSONReader) throws(RequestError) -> JSONValue {
    try reader.readValue()
  }

  private mutating func visitScalars(_ node: Int, _ value: JSONValue) {
    for leaf in trie.nodes[node].leaves { visitScalar(leaf, value) }
  }
}
