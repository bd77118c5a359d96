import Testing
import VectorModel

@Suite struct PayloadDocumentTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private func merged(_ patch: String, into document: String, at path: String? = nil) throws -> String {
    guard let path else { return text(try PayloadDocument.merging(bytes(patch), into: bytes(document))) }
    return text(try PayloadDocument.merging(bytes(patch), into: bytes(document), at: PayloadPath(path)))
  }

  private func removed(_ paths: [String], from document: String) throws -> String {
    var list: [PayloadPath] = []
    for path in paths { list.append(try PayloadPath(path)) }
    return text(try PayloadDocument.removing(list, from: bytes(document)))
  }

  @Test func aMergeReplacesKeysInPlaceAndAppendsNewOnes() throws {
    #expect(
      try merged(#"{"b": [1], "d": 4}"#, into: #"{ "a" : 1.50 , "b": {"x": 1}, "c": "\u00e9" }"#)
        == #"{"a":1.50,"b":[1],"c":"\u00e9","d":4}"#)
    #expect(try merged(#"{"a": 1}"#, into: "") == #"{"a":1}"#)
    #expect(try merged("{}", into: #"{"a": [ 1 ,2 ]}"#) == #"{"a":[ 1 ,2 ]}"#)
  }

  @Test func nullInAPatchRemovesTheKey() throws {
    #expect(try merged(#"{"a": null, "z": null}"#, into: #"{"a":1,"b":2}"#) == #"{"b":2}"#)
    #expect(try merged(#"{"x": null, "y": 1}"#, into: #"{"a":{"x":1}}"#, at: "a") == #"{"a":{"y":1}}"#)
  }

  @Test func repeatedKeysCountAsTheirLastValue() throws {
    #expect(try merged(#"{"c":3,"c":4}"#, into: #"{"a":1,"b":2,"a":5}"#) == #"{"a":5,"b":2,"c":4}"#)
    #expect(try merged(#"{"a":3}"#, into: #"{"a":1,"\u0061":2}"#) == #"{"a":3}"#)
  }

  @Test func aMergeAtAPathMakesWhatIsMissing() throws {
    #expect(try merged(#"{"x":1}"#, into: "{}", at: "a.b") == #"{"a":{"b":{"x":1}}}"#)
    #expect(try merged(#"{"x":1}"#, into: #"{"a":7}"#, at: "a.b") == #"{"a":{"b":{"x":1}}}"#)
    #expect(
      try merged(#"{"x":1}"#, into: #"{"a":[{}, {"x":0,"y":2}]}"#, at: "a[1]") == #"{"a":[{},{"x":1,"y":2}]}"#
    )
    #expect(
      try merged(#"{"x":1}"#, into: #"{"a":{"b":1}}"#, at: "a.c[2]")
        == #"{"a":{"b":1,"c":[null,null,{"x":1}]}}"#)
    #expect(
      try merged(#"{"x":1}"#, into: #"{"a":[{"y":1},5]}"#, at: "a[]") == #"{"a":[{"y":1,"x":1},{"x":1}]}"#)
    #expect(try merged(#"{"x":1}"#, into: #"{"a":5}"#, at: "a[].b") == #"{"a":[]}"#)
    #expect(try merged(#"{"x":1}"#, into: #"{"a.b":1}"#, at: #""a.b""#) == #"{"a.b":{"x":1}}"#)
  }

  @Test func removingTakesMembersElementsAndAllElements() throws {
    #expect(try removed(["a"], from: #"{"a":1, "b" : [ 1 ]}"#) == #"{"b":[ 1 ]}"#)
    #expect(try removed(["a.b", "c"], from: #"{"a":{"b":1,"d":2},"c":3}"#) == #"{"a":{"d":2}}"#)
    #expect(try removed(["a[0]"], from: #"{"a":[1,2,3]}"#) == #"{"a":[2,3]}"#)
    #expect(try removed(["a[]"], from: #"{"a":[1,2,3]}"#) == #"{"a":[]}"#)
    #expect(try removed(["a[].b"], from: #"{"a":[{"b":1,"c":2},{"b":3},7]}"#) == #"{"a":[{"c":2},{},7]}"#)
    #expect(try removed(["a", "a"], from: #"{"a":1,"a":2}"#) == "{}")
  }

  @Test func aPathThatLeadsNowhereLeavesTheBytesAlone() throws {
    let document = #"{ "a" : [ 1 ] , "b":{ }}"#
    #expect(try removed(["x", "b.x", "b[0]"], from: document).contains("[ 1 ]"))
    #expect(try removed(["x"], from: document) == document)
    #expect(try removed(["a[3].x", "a.b"], from: #"{"a":[1]}"#) == #"{"a":[1]}"#)
    #expect(try removed(["a"], from: "") == "")
  }

  @Test func limitsOfAMergeAreCheckedWithoutTheDocument() throws {
    try PayloadDocument.checkMerge(bytes("{}"), at: PayloadPath("a[65535]"))
    for path in ["a[65536]", "a[40000].b[40000]", "a[9223372036854775807][9223372036854775807]"] {
      #expect(
        throws: RequestError.badRequest("the indices of payload path \(path) exceed the limit of 65535")
      ) {
        try PayloadDocument.checkMerge(bytes("{}"), at: PayloadPath(path))
      }
    }
    let deepest = PayloadPath.self
    let path = try deepest.init(Array(repeating: "a", count: 127).joined(separator: "."))
    try PayloadDocument.checkMerge(bytes("{}"), at: path)
    #expect(throws: RequestError.self) { try PayloadDocument.checkMerge(bytes(#"{"a":[]}"#), at: path) }
    let result = try PayloadDocument.merging(bytes(#"{"x":1}"#), into: [], at: path)
    _ = try JSONValue(parsing: result)
    #expect(throws: RequestError.self) {
      try PayloadDocument.checkMerge(
        bytes("{}"), at: PayloadPath(Array(repeating: "a", count: 128).joined(separator: ".")))
    }
  }

  @Test func editsEqualTheSameEditsOnValues() throws {
    print("seed 21")
    var random = SplitMix64(seed: 21)
    for _ in 0..<3000 {
      let document = RandomJSON.object(depth: 3, using: &random)
      let patch = RandomJSON.object(depth: 2, using: &random)
      let path = try RandomJSON.path(using: &random)
      let documentText = RandomJSON.spaced(document, using: &random)
      let patchText = RandomJSON.spaced(patch, using: &random)

      let merged = try PayloadDocument.merging(patchText, into: documentText)
      #expect(try JSONValue(parsing: merged) == ReferenceEdit.merging(patch, into: document))
      let mergedAtPath = try PayloadDocument.merging(patchText, into: documentText, at: path)
      #expect(
        try JSONValue(parsing: mergedAtPath)
          == ReferenceEdit.merging(patch, into: document, at: path.segments[...]), "\(path)")
      let removed = try PayloadDocument.removing([path], from: documentText)
      #expect(
        try JSONValue(parsing: removed) == ReferenceEdit.removing(path.segments[...], from: document),
        "\(path)")
    }
  }

  @Test func selectingKeepsOrDropsWhatPathsLeadTo() throws {
    let document = #"{"a": {"b": 1, "c": [ {"d": 1, "e": 2}, {"d": 3} ]}, "f": "x", "a.b": 9}"#
    func selected(_ selection: PayloadSelection) throws -> String? {
      try PayloadDocument.selecting(selection, from: bytes(document)).map(text)
    }
    func paths(_ texts: [String]) throws -> [PayloadPath] {
      var list: [PayloadPath] = []
      for text in texts { list.append(try PayloadPath(text)) }
      return list
    }
    #expect(try selected(.none) == nil)
    #expect(try selected(.all) == document)
    #expect(try PayloadDocument.selecting(.all, from: []) == bytes("{}"))
    #expect(try selected(.include(paths(["f"]))) == #"{"f":"x"}"#)
    #expect(try selected(.include(paths(["a.b"]))) == #"{"a":{"b":1}}"#)
    #expect(try selected(.include(paths([#""a.b""#]))) == #"{"a.b":9}"#)
    #expect(try selected(.include(paths(["a.c[].d"]))) == #"{"a":{"c":[{"d":1},{"d":3}]}}"#)
    #expect(try selected(.include(paths(["a.c[1]"]))) == #"{"a":{"c":[{"d": 3}]}}"#)
    #expect(try selected(.include(paths(["a.c.d"]))) == #"{"a":{"c":[]}}"#)
    #expect(
      try selected(.include(paths(["a", "a.b"]))) == #"{"a":{"b": 1, "c": [ {"d": 1, "e": 2}, {"d": 3} ]}}"#)
    #expect(try selected(.include([])) == "{}")
    #expect(try selected(.exclude(paths(["a"]))) == #"{"f":"x","a.b":9}"#)
    #expect(try selected(.exclude(paths(["a.c[].d", "f"]))) == #"{"a":{"b":1,"c":[{"e":2},{}]},"a.b":9}"#)
    #expect(
      try selected(.exclude([])) == #"{"a":{"b": 1, "c": [ {"d": 1, "e": 2}, {"d": 3} ]},"f":"x","a.b":9}"#)
  }

  @Test func noBytesMakeAnEditTrap() throws {
    let document = bytes(#"{"a":[{"b":1},2],"c":{"d":"é"}}"#)
    let path = try PayloadPath("a[].b")
    for index in document.indices {
      for byte: UInt8 in [0x00, 0x22, 0x5B, 0x5D, 0x7B, 0x7D, 0x2C, 0x3A, 0x5C, 0xFF] {
        var damaged = document
        damaged[index] = byte
        _ = try? PayloadDocument.merging(bytes(#"{"x":1}"#), into: damaged, at: path)
        _ = try? PayloadDocument.removing([path], from: damaged)
        _ = try? PayloadDocument.selecting(.include([path]), from: damaged)
      }
      _ = try? PayloadDocument.merging(bytes(#"{"x":1}"#), into: Array(document.prefix(index)), at: path)
    }
    #expect(throws: RequestError.self) { try PayloadDocument.merging(bytes("{}"), into: bytes("[1]")) }
  }
}

/// The same edits on values, by the words of the documentation.
private enum ReferenceEdit {
  static func merging(_ patch: JSONValue, into value: JSONValue) -> JSONValue {
    var members = members(value)
    for change in self.members(patch) {
      members = set(change.key, change.value == .null ? nil : change.value, members)
    }
    return .object(members)
  }

  static func merging(
    _ patch: JSONValue, into value: JSONValue, at path: ArraySlice<PayloadPath.Segment>
  ) -> JSONValue {
    let rest = path.dropFirst()
    switch path.first {
    case nil: return merging(patch, into: value)
    case .key(let key):
      return .object(set(key, merging(patch, into: value[key] ?? .null, at: rest), members(value)))
    case .index(let index):
      var elements = elements(value)
      while elements.count <= index { elements.append(.null) }
      elements[index] = merging(patch, into: elements[index], at: rest)
      return .array(elements)
    case .all: return .array(elements(value).map { merging(patch, into: $0, at: rest) })
    }
  }

  static func removing(_ path: ArraySlice<PayloadPath.Segment>, from value: JSONValue) -> JSONValue {
    let rest = path.dropFirst()
    switch (path.first, value) {
    case (.key(let key), .object(let members)):
      guard let old = value[key] else { return value }
      return .object(set(key, rest.isEmpty ? nil : removing(rest, from: old), members))
    case (.index(let index), .array(var elements)) where index < elements.count:
      if rest.isEmpty {
        elements.remove(at: index)
      } else {
        elements[index] = removing(rest, from: elements[index])
      }
      return .array(elements)
    case (.all, .array(let elements)):
      return .array(rest.isEmpty ? [] : elements.map { removing(rest, from: $0) })
    default: return value
    }
  }

  private static func members(_ value: JSONValue) -> [JSONValue.Member] {
    if case .object(let members) = value { members } else { [] }
  }

  private static func elements(_ value: JSONValue) -> [JSONValue] {
    if case .array(let elements) = value { elements } else { [] }
  }

  private static func set(_ key: String, _ value: JSONValue?, _ members: [JSONValue.Member]) -> [JSONValue
    .Member]
  {
    guard let place = members.firstIndex(where: { $0.key == key }) else {
      return value.map { members + [JSONValue.Member(key: key, value: $0)] } ?? members
    }
    var result = members
    if let value { result[place].value = value } else { result.remove(at: place) }
    return result
  }
}
