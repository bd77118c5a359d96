import VectorModel

/// A condition on the values at one path, ready to be asked of one value after the other.
struct FieldTest: Sendable {
  private let match: MatchTest?
  private let range: RangeCondition?
  private let geo: [GeoTest]
  private let valuesCount: ValuesCount?
  private let isEmpty: Bool?
  private let isNull: Bool?

  init(_ condition: FieldCondition) {
    match = condition.match.map { MatchTest($0) }
    range = condition.range
    geo = condition.geo.map { GeoTest($0) }
    valuesCount = condition.valuesCount
    isEmpty = condition.isEmpty
    isNull = condition.isNull
  }

  /// Whether objects are to be read: others stand for themselves.
  var readsObjects: Bool { !geo.isEmpty }

  /// Whether the condition holds where the path reaches no value.
  var holdsForMissing: Bool { valuesCount?.contains(0) ?? false || isEmpty == true || isNull == false }

  /// Whether it holds for a value that is no array; nil stands for an object that was not read.
  func holds(for value: JSONValue?) -> Bool {
    let isNullValue = value == .null
    return holds(forElement: value) || valuesCount?.contains(isNullValue ? 0 : 1) ?? false
      || isEmpty == isNullValue || isNull == isNullValue
  }

  /// Whether it holds for an element of an array; nil stands for an array, or an object that was not read.
  func holds(forElement value: JSONValue?) -> Bool {
    if let match, match.holds(for: value) { return true }
    if !geo.isEmpty, let point = GeoPoint(value), geo.contains(where: { $0.holds(for: point) }) {
      return true
    }
    switch range {
    case .number(let bounds): return value?.numericValue.map { bounds.contains($0) } ?? false
    case .datetime(let bounds): return value?.instant.map { bounds.contains($0) } ?? false
    case nil: return false
    }
  }

  /// Whether it holds for an array as a whole, apart from its elements.
  func holds(forArrayOf count: Int, hasNull: Bool) -> Bool {
    valuesCount?.contains(count) ?? false || isEmpty == (count == 0) || isNull == hasNull
  }
}

extension JSONValue {
  /// Microseconds since 1970-01-01T00:00:00Z, where the value is a string that tells an instant.
  var instant: Int64? {
    guard case .string(let text) = self else { return nil }
    return Datetime.microseconds(parsing: text)
  }
}

/// What one scalar must equal or contain.
struct MatchTest: Sendable {
  private enum Kind: Sendable {
    case string(String)
    case integer(Int64)
    case bool(Bool)
    case anyString(Set<ExactString>)
    case anyInteger(Set<Int64>)
    case exceptStrings(Set<ExactString>)
    case exceptIntegers(Set<Int64>)
    case text(TextTest)
  }

  private let kind: Kind

  init(_ match: Match) {
    kind =
      switch match {
      case .string(let text): .string(text)
      case .integer(let value): .integer(value)
      case .bool(let value): .bool(value)
      case .anyString(let list): .anyString(list)
      case .anyInteger(let list): .anyInteger(list)
      case .exceptStrings(let list): .exceptStrings(list)
      case .exceptIntegers(let list): .exceptIntegers(list)
      case .text(let text), .phrase(let text): .text(.contains(text))
      case .textAny(let text): .text(.containsAny(of: text))
      case .prefix(let text): .text(.prefix(text))
      }
  }

  /// Whether it holds for a value; nil stands for an array or an object, which only `except` matches.
  func holds(for value: JSONValue?) -> Bool {
    switch (kind, value) {
    case (.exceptStrings(let list), .string(let text)?): !list.contains(ExactString(text))
    case (.exceptIntegers(let list), .integer(let number)?): !list.contains(number)
    case (.exceptStrings, let value), (.exceptIntegers, let value): value != .null
    case (.string(let wanted), .string(let text)?): wanted.hasSameBytes(as: text)
    case (.integer(let wanted), .integer(let number)?): wanted == number
    case (.bool(let wanted), .bool(let value)?): wanted == value
    case (.anyString(let list), .string(let text)?): list.contains(ExactString(text))
    case (.anyInteger(let list), .integer(let number)?): list.contains(number)
    case (.text(let test), .string(let text)?): test.holds(for: text)
    default: false
    }
  }
}

/// What a string must contain, where no text index says what its tokens are.
enum TextTest: Sendable {
  case contains(SubstringSearch)
  /// Any of these; of none of them nothing holds.
  case containsAny([SubstringSearch])
  case prefix(String)

  static func contains(_ text: String) -> TextTest { .contains(SubstringSearch(text)) }

  /// Any of the words of `text`, which white space separates.
  static func containsAny(of text: String) -> TextTest {
    let words = text.unicodeScalars.split { $0.properties.isWhitespace }
    return .containsAny(words.map { SubstringSearch(String($0)) })
  }

  func holds(for text: String) -> Bool {
    switch self {
    case .contains(let search): search.isFound(in: text)
    case .containsAny(let searches): searches.contains { $0.isFound(in: text) }
    case .prefix(let prefix): text.utf8.starts(with: prefix.utf8)
    }
  }
}
