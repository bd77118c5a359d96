import Testing
import VectorModel

@Suite struct JSONWriterTests {
  private func text(_ body: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    body(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  @Test func commasStandBetweenMembersAndElementsOnly() {
    let text = text { writer in
      writer.object { writer in
        writer.key("a")
        writer.array([1, 2, 3]) { $0.integer($1) }
        writer.key("b")
        writer.object { _ in }
        writer.key("c")
        writer.array { writer in
          writer.array { _ in }
          writer.null()
          writer.raw(Array("{\"x\": 1}".utf8))
          writer.string("s")
          writer.bool(true)
        }
        writer.member("absent", nil as Int?)
        writer.nullableMember("nothing", nil)
        writer.member("d", false)
      }
    }
    #expect(text == #"{"a":[1,2,3],"b":{},"c":[[],null,{"x": 1},"s",true],"nothing":null,"d":false}"#)
  }

  @Test func stringsAreEscapedOnlyWhereTheyMustBe() {
    #expect(text { $0.string("plain é日本😀/\u{7F}\u{2028}") } == "\"plain é日本😀/\u{7F}\u{2028}\"")
    #expect(
      text { $0.string("\"\\\u{8}\u{9}\u{A}\u{C}\u{D}\u{0}\u{1F}") } == #""\"\\\b\t\n\f\r\u0000\u001f""#)
  }

  @Test func everyCharacterReadsBackAsItself() throws {
    for start in stride(from: UInt32(0), to: 0x11_0000, by: 0x400) {
      var scalars = String.UnicodeScalarView()
      scalars.append(contentsOf: (start..<(start + 0x400)).compactMap(Unicode.Scalar.init))
      let string = String(scalars)
      var writer = JSONWriter()
      writer.string(string)
      let read = try JSONReader.read(writer.bytes) { (reader) throws(RequestError) in try reader.readString()
      }
      #expect(read.utf8.elementsEqual(string.utf8), "from U+\(String(start, radix: 16))")
    }
  }

  @Test func numbersAreShortestAndAlwaysJSON() {
    #expect(text { $0.number(Float(0.1)) } == "0.1")
    #expect(text { $0.number(Float(1)) } == "1.0")
    #expect(text { $0.number(Float(1e20)) } == "1e+20")
    #expect(text { $0.number(-0.0) } == "-0.0")
    #expect(text { $0.number(Double.leastNonzeroMagnitude) } == "5e-324")
    #expect(text { $0.integer(UInt64.max) } == "18446744073709551615")
    #expect(text { $0.integer(Int64.min) } == "-9223372036854775808")
    for value in [Double.nan, .infinity, -.infinity] { #expect(text { $0.number(value) } == "null") }
    #expect(text { $0.numbers([1, .nan, -.infinity]) } == "[1.0,null,null]")
  }

  @Test func randomFloatsReadBackExactly() throws {
    print("seed 11")
    var random = SplitMix64(seed: 11)
    let floats = (0..<50_000).map { _ in Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
    }
    .filter(\.isFinite)
    var writer = JSONWriter()
    writer.numbers(floats)
    var read: [Float] = []
    try JSONReader.read(writer.bytes) { (reader) throws(RequestError) in try reader.readFloats(into: &read) }
    #expect(read.map(\.bitPattern) == floats.map(\.bitPattern))
  }

  @Test func valuesSurviveWritingAndReading() throws {
    print("seed 12")
    var random = SplitMix64(seed: 12)
    for _ in 0..<2000 {
      let value = RandomJSON.value(depth: 4, using: &random)
      var writer = JSONWriter()
      value.write(to: &writer)
      #expect(ReferenceValidator.accepts(writer.bytes))
      #expect(try JSONValue(parsing: writer.bytes) == value)
    }
  }

  @Test func theLastOfRepeatedKeysWinsInTheFirstPlace() throws {
    let few = try JSONValue(parsing: Array(#"{"a":1,"b":2,"a":3}"#.utf8))
    #expect(
      few == .object([.init(key: "a", value: .integer(3)), .init(key: "b", value: .integer(2))]))
    let many = try JSONValue(
      parsing: Array("{\((0..<100).map { "\"k\($0 % 40)\":\($0)" }.joined(separator: ","))}".utf8))
    guard case .object(let members) = many else {
      Issue.record("no object")
      return
    }
    #expect(members.map(\.key) == (0..<40).map { "k\($0)" })
    #expect(many["k3"] == .integer(83) && many["k39"] == .integer(79) && many["x"] == nil)
  }

  @Test func keysThatDifferOnlyInNormalisationAreTwoKeys() throws {
    let value = try JSONValue(parsing: Array("{\"\u{E9}\":1,\"e\u{301}\":2}".utf8))
    #expect(value["\u{E9}"] == .integer(1) && value["e\u{301}"] == .integer(2))
  }
}
