import Testing
import VectorModel

/// Nothing that a peer can send traps, and nothing is taken for what it is not.
@Suite struct HostileBytesTests {
  private static func bodies() throws -> [(name: String, opcode: Opcode, body: [UInt8])] {
    try RequestSamples.all().map { sample in
      var writer = ByteWriter()
      sample.request.write(to: &writer)
      return (sample.name, sample.request.opcode, writer.bytes)
    }
  }

  @Test func everyTruncationIsRefused() throws {
    for (name, opcode, body) in try Self.bodies() {
      for length in 0..<body.count {
        #expect(throws: RequestError.self, "\(name) cut to \(length) bytes") {
          try Request(opcode, body: Array(body[..<length]))
        }
      }
      #expect(throws: RequestError.self, "\(name) with a byte more") { try Request(opcode, body: body + [0]) }
    }
  }

  /// A flip may give another valid request; then it must write itself in a form that reads the same.
  @Test func everyFlippedByteIsRefusedOrAnotherRequest() throws {
    for (name, opcode, body) in try Self.bodies() {
      for index in body.indices {
        for mask in [UInt8(1) << UInt8(index % 8), 0xFF] {
          var flipped = body
          flipped[index] ^= mask
          guard let request = try? Request(opcode, body: flipped) else { continue }
          var writer = ByteWriter()
          request.write(to: &writer)
          #expect(throws: Never.self, "\(name) byte \(index) flipped by \(mask)") {
            try Request(opcode, body: writer.bytes)
          }
        }
      }
    }
  }

  @Test func everyFlippedByteOfAnAnswerIsSurvived() throws {
    for (name, response) in try ResponseSamples.all() {
      var writer = ByteWriter()
      response.write(to: &writer, microseconds: 1)
      var microseconds: UInt64 = 0
      for length in 0..<writer.bytes.count {
        #expect(throws: RequestError.self, "\(name) cut to \(length) bytes") {
          try Response(
            body: Array(writer.bytes[..<length]), flags: response.flags, microseconds: &microseconds)
        }
      }
      for index in writer.bytes.indices {
        var flipped = writer.bytes
        flipped[index] ^= 0xFF
        _ = try? Response(body: flipped, flags: response.flags, microseconds: &microseconds)
      }
    }
  }

  @Test func randomBytesAreSurvived() throws {
    var random = SplitMix64(seed: 11)
    for _ in 0..<20_000 {
      let count = Int.random(in: 0...64, using: &random)
      let body = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      for opcode in [Opcode.write, .query, .scroll, .writeBatch] { _ = try? Request(opcode, body: body) }
      _ = try? StreamChunk(body: body)
      _ = try? StreamOpening(body: body)
      _ = try? Acknowledgement(body: body)
      _ = try? Hello(body: body)
    }
  }

  /// Counts that promise more than the frame holds are refused before anything is made room for.
  @Test func largePromisesAreRefused() throws {
    let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]
    let collection: [UInt8] = [1, 0x61]
    let rest = [UInt8](repeating: 0, count: 64)
    #expect(throws: RequestError.self) { try Request(.collectionInfo, body: huge + rest) }
    #expect(throws: RequestError.self) { try Request(.retrieve, body: collection + huge + rest) }
    #expect(throws: RequestError.self) { try Request(.queryBatch, body: collection + huge + rest) }
    #expect(throws: RequestError.self) { try Request(.write, body: collection + [0, 1, 0, 0] + huge + rest) }
    // Few points whose vectors would need 4 TB.
    var writer = ByteWriter()
    writer.text("a")
    writer.raw([0, 1, 0, 0])
    writer.count(4)
    writer.byte(2)
    for number in 0..<4 { writer.id(.number(UInt64(number))) }
    writer.raw([0, 1, 1, 0, 1])
    writer.count(65_536)
    #expect(throws: RequestError.self) { try Request(.write, body: writer.bytes) }
  }

  @Test func numbersOutOfBoundsAreNamed() throws {
    func error(_ change: (inout QueryRequest) -> Void) throws -> RequestError {
      var query = QueryRequest()
      change(&query)
      var writer = ByteWriter()
      Request.query(collection: "a", query, .points).write(to: &writer)
      do throws(RequestError) {
        _ = try Request(.query, body: writer.bytes)
        throw RequestError(.internalError, "accepted")
      } catch {
        return error
      }
    }
    #expect(
      try error { $0.limit = 0 }
        == RequestError(
          .validation, "Validation error in frame: [limit: value 0 invalid, must be from 1 to 1000000]"))
    #expect(try error { $0.offset = 1_000_001 }.code == .validation)
    #expect(try error { $0.parameters.ef = 70_000 }.code == .validation)
    #expect(try error { $0.parameters.oversampling = 0.5 }.code == .validation)
    #expect(try error { $0.scoreThreshold = .nan }.code == .validation)
    #expect(try error { $0.timeoutMilliseconds = 0 }.code == .validation)
    #expect(try error { $0.query = .nearest(.id(.number(1)), mmr: MMR(diversity: 2)) }.code == .validation)
    #expect(
      try error { $0.query = .nearest(.vector(.sparse(indices: [2, 1], values: [1, 1])), mmr: nil) }.code
        == .validation)
    #expect(
      try error { query in
        for _ in 0..<65 {
          var outer = Prefetch()
          outer.prefetch = query.prefetch
          query.prefetch = [outer]
        }
      }.message.contains("64"))
  }

  @Test func payloadsMustBeObjects() throws {
    for payload in ["[1]", "{\"a\":}", "{} {}", "\u{1}"] {
      var writer = ByteWriter()
      let point = Point(id: .number(1), vectors: NamedVectors(), payload: Array(payload.utf8))
      Request.write(collection: "a", .upsert(UpsertOperation(points: [point])), UpdateParameters())
        .write(to: &writer)
      #expect(throws: RequestError.self, "\(payload)") { try Request(.write, body: writer.bytes) }
    }
  }

  @Test func aVectorHasANameOnce() throws {
    let twice = NamedVectors([.init(name: "a", value: .dense([1])), .init(name: "a", value: .dense([2]))])
    for vectors in [[twice], [twice, NamedVectors()]] {
      let points = vectors.enumerated().map { Point(id: .number(UInt64($0)), vectors: $1) }
      var writer = ByteWriter()
      Request.write(collection: "a", .upsert(UpsertOperation(points: points)), UpdateParameters())
        .write(to: &writer)
      #expect(throws: RequestError.self) { try Request(.write, body: writer.bytes) }
    }
  }
}
