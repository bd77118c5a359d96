import Testing
import VectorModel

/// What one side writes the other side reads as the same, and writes again as the same bytes.
@Suite struct RoundTripTests {
  @Test func everyRequestComesBack() throws {
    for (name, request) in try RequestSamples.all() {
      var writer = ByteWriter()
      request.write(to: &writer)
      let read = try Request(request.opcode, body: writer.bytes)
      #expect(String(reflecting: read) == String(reflecting: request), "\(name)")
      var again = ByteWriter()
      read.write(to: &again)
      #expect(again.bytes == writer.bytes, "\(name)")
    }
  }

  @Test func samplesHaveEveryOpcodeOfARequest() throws {
    let opcodes = Set(try RequestSamples.all().map(\.request.opcode))
    #expect(opcodes == Set(Opcode.allCases.filter(\.isRequest)))
  }

  @Test func everyAnswerComesBack() throws {
    for (name, response) in try ResponseSamples.all() {
      var writer = ByteWriter()
      response.write(to: &writer, microseconds: 42)
      var microseconds: UInt64 = 0
      let read = try Response(body: writer.bytes, flags: response.flags, microseconds: &microseconds)
      #expect(String(reflecting: read) == String(reflecting: response), "\(name)")
      #expect(microseconds == 42)
    }
  }

  @Test func errorsComeBackWithEachCode() throws {
    for code in RequestError.Code.allCases {
      let error = RequestError(code, "Größe 3, limit 2")
      var writer = ByteWriter()
      error.write(to: &writer, retryMilliseconds: 1000)
      var retry: UInt32 = 0
      #expect(try RequestError(body: writer.bytes, retryMilliseconds: &retry) == error)
      #expect(retry == 1000)
    }
  }

  @Test func anUnknownErrorCodeIsAnInternalError() throws {
    var retry: UInt32 = 0
    let error = try RequestError(body: [200, 0, 0, 0, 0, 1, 0x61], retryMilliseconds: &retry)
    #expect(error == RequestError(.internalError, "a"))
  }

  @Test func helloAndWelcomeMayGrow() throws {
    let hello = Hello(client: "test 1", apiKey: "secret", answerBytesMax: 1 << 20)
    var writer = ByteWriter()
    hello.write(to: &writer)
    #expect(try Hello(body: writer.bytes + [1, 2, 3]) == hello)
    let welcome = Welcome(
      server: "needletail 0.1.0", isReadOnly: true, frameBytesMax: 1, requestsMax: 2, requestBytesMax: 3,
      streamsMax: 4, windowBytesMax: 5, idleMilliseconds: 6)
    writer = ByteWriter()
    welcome.write(to: &writer)
    #expect(try Welcome(body: writer.bytes + [9]) == welcome)
  }

  @Test func pointsWithoutACommonShapeKeepTheirOwn() throws {
    let shapes: [[NamedVectors?]] = [
      [NamedVectors(unnamed: .dense([1])), NamedVectors(unnamed: .dense([1, 2]))],
      [NamedVectors(unnamed: .dense([1])), nil],
      [nil, nil],
      [NamedVectors(), NamedVectors(unnamed: .dense([1]))],
      [
        NamedVectors([.init(name: "a", value: .dense([1]))]),
        NamedVectors([.init(name: "b", value: .dense([1]))]),
      ],
    ]
    for vectors in shapes {
      let columns = PointColumns(ids: [.number(1), .number(2)], payloads: [nil, []], vectors: vectors)
      var writer = ByteWriter()
      columns.write(to: &writer)
      var reader = ByteReader(writer.bytes)
      var expected = columns
      if vectors.allSatisfy({ $0 == nil }) { expected.vectors = [] }
      #expect(try PointColumns(from: &reader, atMost: 2) == expected)
      #expect(reader.isAtEnd)
    }
  }
}
