extension FieldCondition {
  /// Reads `{key, match? | range? | geo_bounding_box? | geo_radius? | geo_polygon? | values_count? | is_empty? | is_null?}`.
  ///
  /// - Throws: status 400 for unknown keys, 422 when nothing is said about the field.
  init(json reader: inout JSONReader) throws(RequestError) {
    var path: PayloadPath?
    var match: Match?
    var range: RangeCondition?
    var geo: [GeoCondition] = []
    var valuesCount: ValuesCount?
    var isEmpty: Bool?
    var isNull: Bool?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "key": path = try reader.readPath()
      case "match": match = try Match(json: &reader)
      case "range": range = try RangeCondition(json: &reader)
      case "values_count": valuesCount = try Self.valuesCount(json: &reader)
      case "is_empty": isEmpty = try reader.readBool()
      case "is_null": isNull = try reader.readBool()
      case "geo_bounding_box": geo.append(try GeoCondition(boxJSON: &reader))
      case "geo_radius": geo.append(try GeoCondition(radiusJSON: &reader))
      case "geo_polygon": geo.append(try GeoCondition(polygonJSON: &reader))
      default:
        throw reader.unknownKey(
          key, in: "filter condition",
          expected: "a clause of a filter, `is_empty`, `is_null`, `has_id`, `has_vector`, `slice`, `nested`, "
            + "or a field's `key`, `match`, `range`, `values_count`, `is_empty`, `is_null`, "
            + "`geo_bounding_box`, `geo_radius`, `geo_polygon`")
      }
    }
    self.init(
      try reader.required("key", path), match: match, range: range, valuesCount: valuesCount,
      isEmpty: isEmpty, isNull: isNull)
    self.geo = geo
    if match == nil, range == nil, geo.isEmpty, valuesCount == nil, isEmpty == nil, isNull == nil {
      throw .validation("[\(key): at least one field condition must be specified]")
    }
  }

  private static func valuesCount(json reader: inout JSONReader) throws(RequestError) -> ValuesCount {
    var bounds = ValuesCount()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      try bounds.set(key, try reader.readInt("values_count"), reader, in: "values_count")
    }
    return bounds
  }
}

extension Bounds {
  /// Sets the bound that `key` names.
  fileprivate mutating func set(
    _ key: String, _ value: Value, _ reader: borrowing JSONReader, in place: String
  ) throws(RequestError) {
    switch key {
    case "lt": lessThan = value
    case "lte": lessThanOrEqual = value
    case "gt": greaterThan = value
    case "gte": greaterThanOrEqual = value
    default: throw reader.unknownKey(key, in: place, expected: "one of `lt`, `lte`, `gt`, `gte`")
    }
  }
}

extension RangeCondition {
  /// Reads bounds that are all numbers or all datetimes; none at all is a range of numbers.
  fileprivate init(json reader: inout JSONReader) throws(RequestError) {
    var numbers = Bounds<Double>()
    var instants = Bounds<Int64>()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch try reader.peek() {
      case .number: try numbers.set(key, try reader.readDouble(), reader, in: "range")
      case .string: try instants.set(key, try reader.readDatetime(), reader, in: "range")
      default: throw reader.typeError(expected: "a number or a datetime")
      }
    }
    if instants == Bounds() {
      self = .number(numbers)
    } else if numbers == Bounds() {
      self = .datetime(instants)
    } else {
      throw reader.error("the bounds of a range must be all numbers or all datetimes")
    }
  }
}

extension JSONReader {
  /// Reads a string with an instant, in microseconds since 1970.
  mutating func readDatetime() throws(RequestError) -> Int64 {
    let text = try readString()
    guard let instant = Datetime.microseconds(parsing: text) else {
      throw error("\"\(JSONReader.excerpt(text))\" is not a datetime (RFC 3339, or down to YYYY-MM-DD)")
    }
    return instant
  }
}

extension Match {
  /// How many values one `any` or `except` may list.
  package static let valuesMax = 100_000

  /// Reads `{value | any | except | text | text_any | phrase | prefix}`.
  fileprivate init(json reader: inout JSONReader) throws(RequestError) {
    var match: Match?
    var kind: String?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "value": match = try Self.value(json: &reader)
      case "any":
        match = try Self.list(json: &reader, strings: { .anyString($0) }, integers: { .anyInteger($0) })
      case "except":
        match = try Self.list(
          json: &reader, strings: { .exceptStrings($0) }, integers: { .exceptIntegers($0) })
      case "text": match = .text(try reader.readString())
      case "text_any": match = .textAny(try reader.readString())
      case "phrase": match = .phrase(try reader.readString())
      case "prefix": match = .prefix(try reader.readString())
      default:
        throw reader.unknownKey(
          key, in: "match",
          expected: "one of `value`, `any`, `except`, `text`, `text_any`, `phrase`, `prefix`")
      }
      if let kind, kind != key {
        throw reader.error("a match has one of `\(kind)` and `\(key)`, not both")
      }
      kind = key
    }
    guard let match else { throw reader.missing("value") }
    self = match
  }

  private static func value(json reader: inout JSONReader) throws(RequestError) -> Match {
    switch try reader.peek() {
    case .string: .string(try reader.readString())
    case .bool: .bool(try reader.readBool())
    case .number: .integer(try reader.readInt64())
    default: throw reader.typeError(expected: "a string, an integer or a boolean")
    }
  }

  private static func list(
    json reader: inout JSONReader, strings: (Set<ExactString>) -> Match, integers: (Set<Int64>) -> Match
  ) throws(RequestError) -> Match {
    var texts: Set<ExactString> = []
    var numbers: Set<Int64> = []
    var count = 0
    try reader.openArray()
    while try reader.nextElement() {
      count += 1
      try reader.checkCount("match", count, atMost: valuesMax)
      switch try reader.peek() {
      case .string where numbers.isEmpty: texts.insert(ExactString(try reader.readString()))
      case .number where texts.isEmpty: numbers.insert(try reader.readInt64())
      default: throw reader.typeError(expected: "a list of only strings or only integers")
      }
    }
    return numbers.isEmpty ? strings(texts) : integers(numbers)
  }
}
