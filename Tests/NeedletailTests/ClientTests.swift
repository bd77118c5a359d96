import Testing
import VectorModel

@testable import needletail

@Suite("What the client commands are made of")
struct ClientTests {
  @Test(arguments: [
    ("http://127.0.0.1:6333", "127.0.0.1", 6333, false), ("https://db.example", "db.example", 443, true),
    ("http://localhost/", "localhost", 80, false), ("http://[::1]:7000", "::1", 7000, false),
    ("https://[::1]", "::1", 443, true),
  ])
  func urlsAreRead(url: String, host: String, port: Int, usesTLS: Bool) throws {
    let endpoint = try RESTEndpoint(url: url)
    #expect(endpoint.host == host)
    #expect(endpoint.port == port)
    #expect(endpoint.usesTLS == usesTLS)
  }

  @Test(arguments: [
    "", "localhost", "ftp://x", "http://", "http://x:0", "http://x:65536", "http://x:y", "http://x/path",
    "http://user@x", "http://[::1", "http://x?y",
  ])
  func otherURLsAreRefusedByName(url: String) {
    #expect {
      try RESTEndpoint(url: url)
    } throws: { error in
      (error as? RequestError)?.message.contains("\"\(url)\"") == true
    }
  }

  @Test func segmentsAreEscaped() {
    #expect(pathSegment("a-b_c.d~9") == "a-b_c.d~9")
    #expect(pathSegment("a b/c%ü\n") == "a%20b%2Fc%25%C3%BC%0A")
  }

  @Test func numbersHaveTheirDigits() {
    #expect(fixed(1.5, 0) == "2")
    #expect(fixed(0.98765, 4) == "0.9877")
    #expect(fixed(12, 2) == "12.00")
    #expect(fixed(0.005, 3) == "0.005")
    #expect(fixed(-0.5, 1) == "-0.5")
    #expect(fixed(-0.0001, 2) == "0.00")
    #expect(fixed(.nan, 2) == "nan")
  }

  @Test func columnsAreEven() {
    var table = TextTable(["name", "count"], rightColumns: [1])
    table.add(["a", "1"])
    table.add(["longer", "100000"])
    #expect(table.text == "name     count\na            1\nlonger  100000")
  }
}

@Suite("NumPy arrays")
struct NumpyArrayTests {
  private func file(_ type: String, _ shape: String, _ data: [UInt8], version: UInt8 = 1) -> [UInt8] {
    let header = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }\n".utf8)
    let length = [UInt8(header.count), 0] + (version == 1 ? [] : [0, 0])
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + header + data
  }

  @Test func halvesAreWidened() throws {
    // 1, -2, the largest, the smallest subnormal, infinity, zero.
    let data: [UInt8] = [0x00, 0x3C, 0x00, 0xC0, 0xFF, 0x7B, 0x01, 0x00, 0x00, 0x7C, 0x00, 0x80]
    for version: UInt8 in 1...3 {
      let array = try NumpyArray(file("<f2", "(2, 3)", data, version: version), name: "a.npy")
      #expect(array.rowCount == 2 && array.columnCount == 3)
      #expect(array.floats(0) == [1, -2, 65504])
      #expect(array.floats(1) == [0x1p-24, .infinity, 0])
    }
  }

  @Test func wordsAreLittleEndian() throws {
    let integers = try NumpyArray(
      file("<i4", "(1, 2)", [0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x02, 0, 0]), name: "a.npy")
    #expect(integers.integers(0) == [-1, 0x201])
    let floats = try NumpyArray(file("<f4", "(1, 1)", [0, 0, 0x80, 0x3F]), name: "a.npy")
    #expect(floats.floats(0) == [1])
  }

  @Test func whatDoesNotFitIsRefusedByName() {
    let good = file("<f4", "(1, 1)", [0, 0, 0, 0])
    let bad = [
      [], Array(good.dropLast()), good + [0], file("<f8", "(1, 1)", [0, 0, 0, 0, 0, 0, 0, 0]),
      file("<f4", "(1,)", [0, 0, 0, 0]), file("<f4", "(-1, 1)", []), file("<f4", "(1, 0)", []),
      file("<f4", "(1, 1, 1)", [0, 0, 0, 0]), Array(good.prefix(20)),
      file("<f4", "(1, 1)", [0, 0, 0, 0], version: 9),
    ]
    for bytes in bad {
      #expect {
        try NumpyArray(bytes, name: "a.npy")
      } throws: { error in
        (error as? RequestError)?.message.contains("a.npy") == true
      }
    }
    for length in 0..<good.count {
      #expect(throws: RequestError.self) { try NumpyArray(Array(good.prefix(length)), name: "a.npy") }
    }
  }
}
