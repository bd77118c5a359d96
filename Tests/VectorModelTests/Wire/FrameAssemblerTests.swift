import Testing
import VectorModel

@Suite struct FrameAssemblerTests {
  private static let checksum = ReferenceChecksum.of(.crc32c)

  private static func frame(_ bodyBytes: Int, requestID: UInt32) -> [UInt8] {
    var writer = FrameWriter(.ping, flags: 3, requestID: requestID)
    writer.body.raw((0..<bodyBytes).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    return writer.finish(checksum)
  }

  /// What the assembler makes of pieces; headers say whether a body is kept.
  private static func events(
    _ pieces: [[UInt8]], keeping: (FrameHeader) -> Bool = { _ in true }
  ) throws -> [FrameAssembler.Event] {
    var assembler = FrameAssembler(checksum: checksum)
    var events: [FrameAssembler.Event] = []
    for piece in pieces {
      var offset = 0
      while let event = try assembler.next(piece.span, &offset) {
        events.append(event)
        if case .header(let header) = event, !keeping(header) { assembler.discardBody() }
      }
      #expect(offset == piece.count)
    }
    return events
  }

  @Test func anyPiecesGiveTheSameFrames() throws {
    let text = Self.frame(0, requestID: 1) + Self.frame(5, requestID: 2) + Self.frame(300, requestID: 3)
    let whole = try Self.events([text])
    #expect(whole.count == 6)
    var random = SplitMix64(seed: 3)
    for size in 1...40 {
      #expect(
        try Self.events(
          stride(from: 0, to: text.count, by: size).map { Array(text[$0..<min($0 + size, text.count)]) })
          == whole)
    }
    for _ in 0..<200 {
      let cuts =
        [0] + (0..<5).map { _ in Int.random(in: 0...text.count, using: &random) }.sorted() + [text.count]
      let pieces = zip(cuts, cuts.dropFirst()).map { Array(text[$0..<$1]) }
      #expect(try Self.events(pieces) == whole)
    }
  }

  @Test func framesHaveHeaderAndBody() throws {
    let events = try Self.events([Self.frame(3, requestID: 9)])
    guard case .frame(let header, let body) = events.last else { throw RequestError.badRequest("no frame") }
    #expect(header.opcode == Opcode.ping.rawValue)
    #expect(header.flags == 3)
    #expect(header.requestID == 9)
    #expect(header.frameBytes == 19)
    #expect(body == [0, 7, 14])
  }

  @Test func aDiscardedBodyIsStillChecked() throws {
    var text = Self.frame(100, requestID: 1) + Self.frame(2, requestID: 2)
    let events = try Self.events([text], keeping: { $0.requestID != 1 })
    guard case .discarded(let header) = events[1] else { throw RequestError.badRequest("not discarded") }
    #expect(header.requestID == 1)
    #expect(events.count == 4)
    text[50] ^= 1
    #expect(throws: RequestError.self) { try Self.events([text], keeping: { $0.requestID != 1 }) }
  }

  @Test func everyFlippedByteIsFound() throws {
    let text = Self.frame(40, requestID: 77)
    for index in text.indices {
      for bit in 0..<8 {
        var flipped = text
        flipped[index] ^= 1 << UInt8(bit)
        // A longer length is found once its bytes have come.
        let padding = [UInt8](repeating: 0, count: (4..<6).contains(index) ? 70_000 : 0)
        do {
          let events = try Self.events([flipped + padding])
          #expect(
            !events.contains { if case .frame = $0 { true } else { false } }, "byte \(index) bit \(bit)")
          #expect((6..<8).contains(index), "byte \(index) bit \(bit)")
        } catch {
          #expect(error is RequestError)
        }
      }
    }
  }

  @Test func aFailedAssemblerStaysFailed() throws {
    var text = Self.frame(4, requestID: 1)
    text[18] ^= 1
    var assembler = FrameAssembler(checksum: Self.checksum)
    var offset = 0
    _ = try assembler.next(text.span, &offset)
    #expect(throws: RequestError.self) { try assembler.next(text.span, &offset) }
    let good = Self.frame(4, requestID: 2)
    offset = 0
    #expect(throws: RequestError.self) { try assembler.next(good.span, &offset) }
    #expect(!assembler.isInsideFrame)
  }

  @Test func aFrameHasBegunWithItsFirstByte() throws {
    let text = Self.frame(4, requestID: 1)
    var assembler = FrameAssembler(checksum: Self.checksum)
    for index in text.indices {
      #expect(assembler.isInsideFrame == (index > 0))
      var offset = index
      while try assembler.next(text.span.extracting(...index), &offset) != nil {}
    }
    #expect(!assembler.isInsideFrame)
  }
}
