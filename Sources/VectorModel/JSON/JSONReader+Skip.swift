// Values that are passed over, kept as bytes, or taken as they come.

extension JSONReader {
  /// Reads over one value and validates it completely: grammar, UTF-8, escapes, numbers and nesting.
  package mutating func skipValue() throws(RequestError) {
    switch skipSpace() {
    case UInt8(ascii: "{"): try skipObject()
    case UInt8(ascii: "["): try skipArray()
    case UInt8(ascii: "\""): _ = try scanString()
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try skipNumber()
    case UInt8(ascii: "t"): try readWord("true")
    case UInt8(ascii: "f"): try readWord("false")
    case UInt8(ascii: "n"): try readWord("null")
    default: throw expectedValue()
    }
  }

  private mutating func skipObject() throws(RequestError) {
    try open()
    if skipSpace() == UInt8(ascii: "}") { return close() }
    while true {
      try expectKey()
      _ = try scanString()
      try expectColon()
      try skipValue()
      if try endsObject() { return }
    }
  }

  private mutating func skipArray() throws(RequestError) {
    try open()
    if skipSpace() == UInt8(ascii: "]") { return close() }
    while true {
      try skipValue()
      if try endsArray() { return }
    }
  }

  /// Reads over one value and returns its bytes as received, without the white space around it.
  ///
  /// The bytes are a valid text of their own.
  package mutating func readRaw() throws(RequestError) -> [UInt8] {
    _ = skipSpace()
    let start = offset
    try skipValue()
    return bytes(start..<offset)
  }

  /// Reads over one object and returns its bytes as received; any other kind of value is refused.
  package mutating func readRawObject() throws(RequestError) -> [UInt8] {
    guard skipSpace() == UInt8(ascii: "{") else { throw typeError(expected: "an object") }
    return try readRaw()
  }

  /// Reads one object as a value; any other kind of value is refused.
  package mutating func readObjectValue() throws(RequestError) -> JSONValue {
    guard skipSpace() == UInt8(ascii: "{") else { throw typeError(expected: "an object") }
    return try readValue()
  }

  /// Reads one value of any kind; of members with the same key the last wins.
  package mutating func readValue() throws(RequestError) -> JSONValue {
    switch try peek() {
    case .null:
      try readWord("null")
      return .null
    case .bool:
      return .bool(try readBool())
    case .number:
      return try readNumberValue()
    case .string:
      return .string(try readString())
    case .array:
      var elements: [JSONValue] = []
      try openArray()
      while try nextElement() { elements.append(try readValue()) }
      return .array(elements)
    case .object:
      var members: [JSONValue.Member] = []
      try openObject()
      while let key = try nextKey() { members.append(JSONValue.Member(key: key, value: try readValue())) }
      return JSONValue(members: members)
    }
  }
}
