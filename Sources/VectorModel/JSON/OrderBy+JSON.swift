extension OrderBy {
  /// Reads a payload path, or `{key, direction, start_from}`.
  package init(json reader: inout JSONReader) throws(RequestError) {
    if try reader.peek() == .string {
      self.init(key: try reader.readPath())
      return
    }
    var path: PayloadPath?
    var isDescending = false
    var startFrom: OrderValue?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "key": path = try reader.readPath()
      case "direction": isDescending = try reader.readWord("direction", ["asc": false, "desc": true])
      case "start_from": startFrom = try OrderValue(json: &reader)
      default: try reader.skipValue()
      }
    }
    self.init(key: try reader.required("key", path))
    self.isDescending = isDescending
    self.startFrom = startFrom
  }
}

extension OrderValue {
  /// Reads an integer, a float or a datetime.
  fileprivate init(json reader: inout JSONReader) throws(RequestError) {
    switch try reader.peek() {
    case .string: self = .datetime(try reader.readDatetime())
    case .number:
      switch try reader.readNumberValue() {
      case .integer(let value): self = .integer(value)
      case .unsigned(let value): self = .float(Double(value))
      case .double(let value): self = .float(value)
      default: throw reader.expectedValue()
      }
    default: throw reader.typeError(expected: "an integer, a float or a datetime")
    }
  }

  /// Writes the number; an instant as its microseconds since 1970.
  package func write(to writer: inout JSONWriter) {
    switch self {
    case .integer(let value), .datetime(let value): writer.integer(value)
    case .float(let value): writer.number(value)
    }
  }
}
