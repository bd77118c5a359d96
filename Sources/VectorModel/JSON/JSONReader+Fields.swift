// What the fields of a request have in common: bounds, words of a fixed set, and keys that are missing or not built yet.

extension JSONReader {
  /// Reads the integer of `field`, which must lie in `bounds`.
  ///
  /// - Throws: status 400 when it is no unsigned integer, 422 naming field, value and limit when it is out of bounds.
  mutating func readInt(_ field: String, in bounds: ClosedRange<Int> = 0...Int.max) throws(RequestError)
    -> Int
  {
    let value: UInt64 = try readInteger(as: "usize")
    guard let number = Int(exactly: value), bounds.contains(number) else {
      throw Self.outOfBounds(field, value, bounds)
    }
    return number
  }

  /// Reads the number of `field`, which must lie in `bounds`.
  ///
  /// - Throws: status 400 when it is no number, 422 naming field, value and limit when it is out of bounds.
  mutating func readDouble(_ field: String, in bounds: ClosedRange<Double>) throws(RequestError) -> Double {
    let value = try readDouble()
    guard bounds.contains(value) else { throw Self.outOfBounds(field, value, bounds) }
    return value
  }

  private static func outOfBounds<Value, Bound>(
    _ field: String, _ value: Value, _ bounds: ClosedRange<Bound>
  ) -> RequestError {
    let limit =
      switch bounds.upperBound {
      case let upper as Int where upper == .max: "\(bounds.lowerBound) or larger"
      case let upper as Double where upper == .greatestFiniteMagnitude: "\(bounds.lowerBound) or larger"
      default: "from \(bounds.lowerBound) to \(bounds.upperBound)"
      }
    return .validation("[\(field): value \(value) invalid, must be \(limit)]")
  }

  /// Reads one of `words`.
  ///
  /// - Throws: status 400 naming the words, or 501 when it is one of `unbuilt`.
  mutating func readWord<Value>(
    _ field: String, _ words: KeyValuePairs<String, Value>, unbuilt: Set<String> = []
  ) throws(RequestError) -> Value {
    let word = try readString()
    if let match = words.first(where: { $0.key == word }) { return match.value }
    if unbuilt.contains(word) { throw .notImplemented("`\(field)`: \"\(word)\"") }
    throw unknownWord(word, expected: words.map(\.key))
  }

  /// Status 400 for a word or key outside a fixed set.
  func unknownWord(_ word: String, expected: [String]) -> RequestError {
    let list = expected.map { "`\($0)`" }.joined(separator: ", ")
    return error(
      "unknown variant `\(Self.excerpt(word))`, expected \(expected.count == 1 ? "" : "one of ")\(list)")
  }

  /// Status 400 for a key that a closed object does not have.
  func unknownKey(_ key: String, in place: String, expected: String) -> RequestError {
    error("unknown field `\(Self.excerpt(key))` in \(place), expected \(expected)")
  }

  /// Status 400 for a key that must be there and is not.
  func missing(_ key: String) -> RequestError { error("missing field `\(key)`") }

  /// The value that must be there.
  func required<Value>(_ key: String, _ value: Value?) throws(RequestError) -> Value {
    guard let value else { throw missing(key) }
    return value
  }

  /// Status 422 when a list of `field` has more than `countMax` elements.
  func checkCount(_ field: String, _ count: Int, atMost countMax: Int) throws(RequestError) {
    guard count <= countMax else {
      throw .validation("[\(field): more than \(countMax) elements, the limit is \(countMax)]")
    }
  }

  /// Reads an array of at most `countMax` values; more are refused before they are read.
  mutating func readList<Value>(
    _ field: String, atMost countMax: Int, _ element: (inout JSONReader) throws(RequestError) -> Value
  ) throws(RequestError) -> [Value] {
    var list: [Value] = []
    try openArray()
    while try nextElement() {
      try checkCount(field, list.count + 1, atMost: countMax)
      list.append(try element(&self))
    }
    return list
  }

  /// Reads an array of strings.
  mutating func readStrings(_ field: String, atMost countMax: Int) throws(RequestError) -> [String] {
    try readList(field, atMost: countMax) { (reader) throws(RequestError) in try reader.readString() }
  }

  /// Reads a payload path.
  mutating func readPath() throws(RequestError) -> PayloadPath { try PayloadPath(readString()) }

  /// Reads an array of payload paths.
  mutating func readPaths(_ field: String) throws(RequestError) -> [PayloadPath] {
    try readList(field, atMost: PayloadPath.countMax) { (reader) throws(RequestError) in try reader.readPath()
    }
  }
}

extension PayloadPath {
  /// How many paths one list of a request may name.
  package static let countMax = 4096
}
