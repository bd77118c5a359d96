import Testing
import VectorModel

/// What the reader says and where, and how it is led through a text.
@Suite struct JSONReaderTests {
  private func message(
    _ text: String, _ read: (inout JSONReader) throws(RequestError) -> Void
  ) -> String {
    do throws(RequestError) {
      try JSONReader.read(Array(text.utf8), read)
      return "accepted"
    } catch {
      #expect(error.code == .badRequest)
      return error.message
    }
  }

  private func skipMessage(_ text: String) -> String {
    message(text) { (reader) throws(RequestError) in try reader.skipValue() }
  }

  @Test func messagesNameLineAndColumn() {
    let prefix = "Format error in JSON body: "
    #expect(skipMessage("") == prefix + "EOF while parsing a value at line 1 column 0")
    #expect(skipMessage("[1,\n 2,\n x]") == prefix + "expected value at line 3 column 2")
    #expect(skipMessage("{\"a\": }") == prefix + "expected value at line 1 column 7")
    #expect(skipMessage("{\"a\" 1}") == prefix + "expected `:` at line 1 column 6")
    #expect(skipMessage("{\"a\":1 2}") == prefix + "expected `,` or `}` at line 1 column 8")
    #expect(skipMessage("[1 2]") == prefix + "expected `,` or `]` at line 1 column 4")
    #expect(skipMessage("[1,]") == prefix + "trailing comma at line 1 column 4")
    #expect(skipMessage("{\"a\":1,}") == prefix + "trailing comma at line 1 column 8")
    #expect(skipMessage("{1:2}") == prefix + "key must be a string at line 1 column 2")
    #expect(skipMessage("[1") == prefix + "EOF while parsing a list at line 1 column 2")
    #expect(skipMessage("{\"a\":1") == prefix + "EOF while parsing an object at line 1 column 6")
    #expect(skipMessage("\"ab") == prefix + "EOF while parsing a string at line 1 column 3")
    #expect(skipMessage("1 x") == prefix + "trailing characters at line 1 column 3")
    #expect(skipMessage("-x") == prefix + "invalid number at line 1 column 2")
    #expect(skipMessage("\n\n\"\\q\"") == prefix + "invalid escape at line 3 column 3")
  }

  @Test func wrongTypesAreDescribed() {
    func mismatch(_ text: String) -> String {
      message(text) { (reader) throws(RequestError) in _ = try reader.readString() }
        .replacingPrefix("Format error in JSON body: ")
    }
    #expect(mismatch("1") == "invalid type: integer `1`, expected a string at line 1 column 1")
    #expect(mismatch("-2.5") == "invalid type: floating point `-2.5`, expected a string at line 1 column 4")
    #expect(mismatch("null") == "invalid type: null, expected a string at line 1 column 4")
    #expect(mismatch("[1]") == "invalid type: sequence, expected a string at line 1 column 1")
    #expect(mismatch("{}") == "invalid type: map, expected a string at line 1 column 1")
    #expect(mismatch("?") == "expected value at line 1 column 1")
    #expect(mismatch("") == "EOF while parsing a value at line 1 column 0")
  }

  @Test func rawValuesKeepTheirBytes() throws {
    let text = "{ \"a\" : [ 1.50 , {\"x\" :\"\\u00e9\"} ] , \"b\":  -0 }"
    var raw: [String: String] = [:]
    try JSONReader.read(Array(text.utf8)) { (reader) throws(RequestError) in
      try reader.openObject()
      while let key = try reader.nextKey() {
        raw[key] = String(decoding: try reader.readRaw(), as: UTF8.self)
      }
    }
    #expect(raw == ["a": "[ 1.50 , {\"x\" :\"\\u00e9\"} ]", "b": "-0"])
  }

  @Test func lookingAheadComesBack() throws {
    let text = Array("[[1,2],{\"a\":[3]}]".utf8)
    let sum = try JSONReader.read(text) { (reader) throws(RequestError) in
      var sum: Int64 = 0
      try reader.openArray()
      while try reader.nextElement() {
        let kind = try reader.lookAhead { (reader) throws(RequestError) in
          let kind = try reader.peek()
          try reader.skipValue()
          return kind
        }
        if kind == .array {
          try reader.openArray()
          while try reader.nextElement() { sum += try reader.readInt64() }
        } else {
          let mark = reader.mark()
          try reader.openObject()
          _ = try reader.nextKey()
          reader.rewind(to: mark)
          #expect(try reader.readValue()["a"] == .array([.integer(3)]))
        }
      }
      return sum
    }
    #expect(sum == 3)
  }

  @Test func presentKeysPassOverNulls() throws {
    let keys = try JSONReader.read(Array(#"{"a":null,"b":1,"c":null,"d":[null],"e":null}"#.utf8)) {
      (reader) throws(RequestError) in
      var keys: [String] = []
      try reader.openObject()
      while let key = try reader.nextPresentKey() {
        keys.append(key)
        try reader.skipValue()
      }
      return keys
    }
    #expect(keys == ["b", "d"])
  }

  @Test func escapesResolve() throws {
    let text = #""\"\\\/\b\f\n\r\t\u0041\u00e9\u65e5\ud83d\ude00\u0000x""#
    let read = try JSONReader.read(Array(text.utf8)) { (reader) throws(RequestError) in
      try reader.readString()
    }
    #expect(Array(read.unicodeScalars) == Array("\"\\/\u{8}\u{C}\n\r\tAé日😀\0x".unicodeScalars))
  }

  @Test func vectorsRefuseWhatIsNoNumber() {
    for text in [
      "[1,null]", "[1,\"2\"]", "[1,[2]]", "[1,NaN]", "[1,true]", "{}", "[1,-]", "[1,]", "[1 2]", "[1,2",
    ] {
      #expect(throws: RequestError.self, "\(text)") {
        var values: [Float] = []
        try JSONReader.read(Array(text.utf8)) { (reader) throws(RequestError) in
          try reader.readFloats(into: &values)
        }
      }
    }
    #expect(throws: Never.self) {
      var values: [Float] = [9]
      try JSONReader.read(Array(" [ 1 , -2.5e0\n,3] ".utf8)) { (reader) throws(RequestError) in
        try reader.readFloats(into: &values)
      }
      #expect(values == [9, 1, -2.5, 3])
    }
  }
}

extension String {
  fileprivate func replacingPrefix(_ prefix: String) -> String {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
  }
}
