import Testing
import VectorModel

@testable import VectorServer

@Suite struct MultipartReaderTests {
  private static let contentType = "multipart/form-data; boundary=\"xYz\""
  private static let file = Array("one\r\n--xY two\r\n-\r\n\r\n--xyz three\r".utf8)

  private static func body(_ part: String = "name=\"snapshot\"; filename=\"a\"") -> [UInt8] {
    Array("--xYz\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nskipped\r\n--xYz\r\n".utf8)
      + Array(
        "Content-Disposition: form-data; \(part)\r\nContent-Type: application/octet-stream\r\n\r\n".utf8)
      + file + Array("\r\n--xYz--\r\nepilogue".utf8)
  }

  private static func read(
    _ body: [UInt8], pieces: Int, _ contentType: String = contentType
  ) throws(RequestError) -> (file: [UInt8], isComplete: Bool) {
    var reader = try MultipartReader(contentType: contentType)
    var found: [UInt8] = []
    var start = 0
    while start < body.count {
      let end = min(start + pieces, body.count)
      try reader.read(Array(body[start..<end])) { (bytes) throws(RequestError) in found += bytes }
      start = end
    }
    return (found, reader.isComplete)
  }

  @Test func theFileComesOutHoweverTheBodyComesIn() throws {
    for pieces in 1...Self.body().count {
      let result = try Self.read(Self.body(), pieces: pieces)
      #expect(result.file == Self.file && result.isComplete, "pieces of \(pieces) bytes")
    }
    #expect(try Self.read(Self.body("name=\"snapshot\""), pieces: 7).file == Self.file)
  }

  @Test func whatIsCutShortIsNotComplete() throws {
    let body = Self.body().dropLast("epilogue".utf8.count + 4)
    for count in 0...body.count { #expect(try !Self.read(Array(body.prefix(count)), pieces: 5).isComplete) }
    #expect(try !Self.read(Self.body("name=\"other\""), pieces: 100).isComplete)
  }

  @Test func badFormsAreRefused() {
    for contentType in ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; a=b"] {
      #expect(throws: RequestError.self) { try MultipartReader(contentType: contentType) }
    }
    #expect(throws: RequestError.self) { try Self.read(Array("--xYzz\r\n".utf8), pieces: 3) }
    let head = Array("--xYz\r\n".utf8) + [UInt8](repeating: 65, count: 20_000)
    #expect(throws: RequestError.self) { try Self.read(head, pieces: 1000) }
  }
}
