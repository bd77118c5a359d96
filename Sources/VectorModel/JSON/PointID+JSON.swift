extension PointID {
  /// Reads an unsigned integer, or a string with a UUID in any of its forms.
  ///
  /// - Throws: status 400 naming the value.
  package init(json reader: inout JSONReader) throws(RequestError) {
    switch try reader.peek() {
    case .string:
      let text = try reader.readString()
      guard let uuid = UUID128(text) else { throw Self.invalid("\"\(JSONReader.excerpt(text))\"", reader) }
      self = .uuid(uuid)
    case .number:
      switch try reader.readNumberValue() {
      case .integer(let value):
        guard let number = UInt64(exactly: value) else { throw Self.invalid("\(value)", reader) }
        self = .number(number)
      case .unsigned(let value): self = .number(value)
      case .double(let value): throw Self.invalid("\(value)", reader)
      default: throw reader.expectedValue()
      }
    default:
      throw reader.typeError(expected: "an unsigned integer or a UUID")
    }
  }

  private static func invalid(_ value: String, _ reader: borrowing JSONReader) -> RequestError {
    reader.error(
      "value \(value) is not a valid point ID, valid values are either an unsigned integer or a UUID")
  }

  /// Reads a list of ids.
  static func list(_ field: String, json reader: inout JSONReader) throws(RequestError) -> [PointID] {
    try reader.readList(field, atMost: WriteOperation.pointsMax) { (reader) throws(RequestError) in
      try PointID(json: &reader)
    }
  }

  package func write(to writer: inout JSONWriter) {
    switch self {
    case .number(let number): writer.integer(number)
    case .uuid(let uuid): writer.string(uuid.description)
    }
  }
}
