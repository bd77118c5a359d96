import Testing

@testable import VectorEmbedder

@Suite struct SafetensorsHeaderTests {
  private static func file(_ json: String) -> [UInt8] {
    let length = UInt64(json.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) } + Array(json.utf8)
  }

  @Test func readsTensorsBehindTheHeader() throws {
    let json = #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#
    let bytes = Self.file(json + String(repeating: " ", count: 96 - json.utf8.count % 8))
    let header = try SafetensorsHeader(bytes)
    let start = UInt64(bytes.count)
    #expect(header.tensors["a"]?.range == start..<(start + 24))
    #expect(header.end == start + 24)
    #expect(try header.offset(of: "a", shape: [2, 3]) == start)
    #expect(throws: StageError.self) { try header.offset(of: "a", shape: [3, 2]) }
    #expect(throws: StageError.self) { try header.offset(of: "b", shape: [1]) }
  }

  @Test(arguments: [
    "", "[]", "{", #"{"a":1}"#, #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
    #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}}"#,
  ])
  func badHeadersAreRefused(json: String) {
    #expect(throws: StageError.self) { try SafetensorsHeader(Self.file(json)) }
  }

  @Test func everyCutIsRefused() {
    let bytes = Self.file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#)
    for count in 0..<bytes.count {
      #expect(throws: StageError.self) { try SafetensorsHeader(Array(bytes[..<count])) }
    }
  }

  @Test func aHugeLengthIsRefused() {
    #expect(throws: StageError.self) { try SafetensorsHeader([UInt8](repeating: 255, count: 8)) }
  }
}
