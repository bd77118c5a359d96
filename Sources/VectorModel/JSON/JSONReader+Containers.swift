// Arrays and objects, one key or element at a time.

extension JSONReader {
  /// Enters an object; `nextKey` leads through it and out of it.
  package mutating func openObject() throws(RequestError) {
    guard skipSpace() == UInt8(ascii: "{") else { throw typeError(expected: "an object") }
    try open()
    isFirst = true
  }

  /// Moves to the value of the object's next member and returns its key, unescaped; nil behind the last one.
  ///
  /// The caller reads or skips the value before it asks again. Keys come in the order of the text; a repeated key
  /// comes again, so that assigning makes the last win.
  package mutating func nextKey() throws(RequestError) -> String? {
    guard try entersMember() else { return nil }
    let key = try readString()
    try expectColon()
    return key
  }

  /// The next key whose value is not null, for objects in which null stands for an absent key.
  package mutating func nextPresentKey() throws(RequestError) -> String? {
    while let key = try nextKey() {
      if try !readNull() { return key }
    }
    return nil
  }

  /// The next key and the text that it has with its quotes.
  mutating func nextKeyText() throws(RequestError) -> (key: String, text: [UInt8])? {
    guard try entersMember() else { return nil }
    let start = offset
    let key = try readString()
    let text = bytes(start..<offset)
    try expectColon()
    return (key, text)
  }

  /// Enters an array; `nextElement` leads through it and out of it.
  package mutating func openArray() throws(RequestError) {
    guard skipSpace() == UInt8(ascii: "[") else { throw typeError(expected: "a sequence") }
    try open()
    isFirst = true
  }

  /// Moves to the array's next element; false behind the last one.
  ///
  /// The caller reads or skips the element before it asks again.
  package mutating func nextElement() throws(RequestError) -> Bool {
    guard isFirst else { return try !endsArray() }
    isFirst = false
    guard skipSpace() == UInt8(ascii: "]") else { return true }
    close()
    return false
  }

  /// Reads an array of values that `element` reads.
  package mutating func readList<T>(
    _ element: (inout JSONReader) throws(RequestError) -> T
  ) throws(RequestError) -> [T] {
    var list: [T] = []
    try openArray()
    while try nextElement() { list.append(try element(&self)) }
    return list
  }
}

// MARK: - Brackets, commas and colons

extension JSONReader {
  /// Moves to the quote of the next key; false behind the last member.
  @inline(__always) private mutating func entersMember() throws(RequestError) -> Bool {
    if isFirst {
      isFirst = false
      if skipSpace() == UInt8(ascii: "}") {
        close()
        return false
      }
    } else if try endsObject() {
      return false
    }
    try expectKey()
    return true
  }

  /// Steps over the opening bracket at the reader's place.
  @inline(__always) mutating func open() throws(RequestError) {
    guard levelsLeft > 0 else { throw syntaxError("nesting exceeds the limit of \(depthMax) levels") }
    levelsLeft &-= 1
    offset &+= 1
  }

  /// Steps over the closing bracket at the reader's place.
  @inline(__always) mutating func close() {
    levelsLeft &+= 1
    offset &+= 1
  }

  /// Refuses anything but the quote of a key.
  @inline(__always) mutating func expectKey() throws(RequestError) {
    guard skipSpace() == UInt8(ascii: "\"") else {
      if current() == UInt8(ascii: "}") { throw syntaxError("trailing comma") }
      throw offset == count ? syntaxError("EOF while parsing an object") : syntaxError("key must be a string")
    }
  }

  /// Steps over the colon behind a key.
  @inline(__always) mutating func expectColon() throws(RequestError) {
    guard skipSpace() == UInt8(ascii: ":") else {
      throw syntaxError(offset == count ? "EOF while parsing an object" : "expected `:`")
    }
    offset &+= 1
  }

  /// Behind a member: steps over the comma (false) or the closing brace (true).
  @inline(__always) mutating func endsObject() throws(RequestError) -> Bool {
    switch skipSpace() {
    case UInt8(ascii: ","):
      offset &+= 1
      return false
    case UInt8(ascii: "}"):
      close()
      return true
    default:
      throw syntaxError(offset == count ? "EOF while parsing an object" : "expected `,` or `}`")
    }
  }

  /// Behind an element: steps over the comma (false) or the closing bracket (true).
  @inline(__always) mutating func endsArray() throws(RequestError) -> Bool {
    switch skipSpace() {
    case UInt8(ascii: ","):
      offset &+= 1
      if skipSpace() == UInt8(ascii: "]") { throw syntaxError("trailing comma") }
      return false
    case UInt8(ascii: "]"):
      close()
      return true
    default:
      throw syntaxError(offset == count ? "EOF while parsing a list" : "expected `,` or `]`")
    }
  }
}
