extension Condition {
  /// Reads one condition: what it is follows from its keys.
  init(json reader: inout JSONReader, budget: inout FilterBudget) throws(RequestError) {
    try budget.addCondition()
    let start = reader.mark()
    try reader.openObject()
    guard let first = try reader.nextKey() else {
      self = .filter(Filter())
      return
    }
    let isObject = try reader.peek() == .object
    reader.rewind(to: start)
    switch first {
    case "must", "must_not", "should", "min_should":
      self = .filter(try Filter(json: &reader, budget: &budget))
    case "is_empty" where isObject:
      self = .isEmpty(try Self.onlyMember(json: &reader, Self.payloadField))
    case "is_null" where isObject:
      self = .isNull(try Self.onlyMember(json: &reader, Self.payloadField))
    case "has_id":
      self = .hasID(
        try Self.onlyMember(json: &reader) { (reader) throws(RequestError) in
          Set(try PointID.list("has_id", json: &reader))
        })
    case "has_vector":
      self = .hasVector(
        try Self.onlyMember(json: &reader) { (reader) throws(RequestError) in try reader.readString() })
    case "slice":
      self = try Self.onlyMember(json: &reader, Self.slice)
    case "nested":
      self = try Self.onlyMember(json: &reader) { (reader) throws(RequestError) in
        try Self.nested(json: &reader, budget: &budget)
      }
    default:
      self = .field(try FieldCondition(json: &reader))
    }
  }

  /// Reads an object's first member with `value` and refuses any further key.
  private static func onlyMember<Value>(
    json reader: inout JSONReader, _ value: (inout JSONReader) throws(RequestError) -> Value
  ) throws(RequestError) -> Value {
    try reader.openObject()
    guard let first = try reader.nextKey() else { throw reader.expectedValue() }
    var result = try value(&reader)
    while let key = try reader.nextKey() {
      guard key == first else { throw reader.unknownKey(key, in: "condition", expected: "only `\(first)`") }
      result = try value(&reader)
    }
    return result
  }

  private static func payloadField(json reader: inout JSONReader) throws(RequestError) -> PayloadPath {
    var path: PayloadPath?
    try reader.openObject()
    while let key = try reader.nextKey() {
      guard key == "key" else { throw reader.unknownKey(key, in: "payload field", expected: "`key`") }
      path = try reader.readPath()
    }
    return try reader.required("key", path)
  }

  private static func slice(json reader: inout JSONReader) throws(RequestError) -> Condition {
    var total: Int?
    var index: Int?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "total": total = try reader.readInt("slice.total", in: 1...Int(UInt32.max))
      case "index": index = try reader.readInt("slice.index", in: 0...Int(UInt32.max))
      default: throw reader.unknownKey(key, in: "slice", expected: "`total` or `index`")
      }
    }
    let (count, place) = (try reader.required("total", total), try reader.required("index", index))
    guard place < count else {
      throw .validation("[slice.index: value \(place) invalid, must be from 0 to \(count - 1)]")
    }
    return .slice(total: UInt64(count), index: UInt64(place))
  }

  private static func nested(
    json reader: inout JSONReader, budget: inout FilterBudget
  ) throws(RequestError) -> Condition {
    var path: PayloadPath?
    var filter: Filter?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "key": path = try reader.readPath()
      case "filter": filter = try Filter(json: &reader, budget: &budget)
      default: throw reader.unknownKey(key, in: "nested", expected: "`key` or `filter`")
      }
    }
    return .nested(try reader.required("key", path), try reader.required("filter", filter))
  }
}
