import Testing
import VectorModel

@testable import VectorClient

@Suite struct IngestQueueTests {
  private static func frame(_ bytes: Int) -> [UInt8] {
    var writer = FrameWriter(.chunk, requestID: 0)
    writer.body.raw([UInt8](repeating: 7, count: bytes - FrameHeader.byteCount))
    return writer.finish(.crc32c)
  }

  private static func acknowledgement(_ sequence: UInt64, _ credit: UInt32) -> Acknowledgement {
    Acknowledgement(sequence: sequence, operationID: 1, creditBytes: credit)
  }

  @Test func framesGoAsFarAsTheCredit() throws {
    var queue = IngestQueue(firstSequence: 5)
    for _ in 0..<4 { queue.append(Self.frame(100)) }
    #expect(queue.takeFrame() == nil)
    queue.opened(id: 9, windowBytes: 250)
    #expect(queue.takeFrame() != nil)
    #expect(queue.takeFrame() != nil)
    #expect(queue.takeFrame() == nil)
    try queue.acknowledge(Self.acknowledgement(5, 100))
    #expect(queue.acknowledgedSequence == 5)
    #expect(queue.bytes == 300)
    #expect(queue.takeFrame() != nil)
    #expect(queue.takeFrame() == nil)
  }

  @Test func everythingUnacknowledgedIsSentAgain() throws {
    var queue = IngestQueue(firstSequence: 1)
    for _ in 0..<3 { queue.append(Self.frame(100)) }
    queue.opened(id: 9, windowBytes: 1000)
    while queue.takeFrame() != nil {}
    try queue.acknowledge(Self.acknowledgement(1, 100))
    #expect(queue.resumeSequence == 2)
    queue.opened(id: 0x0102, windowBytes: 1000)
    let frames = [queue.takeFrame(), queue.takeFrame(), queue.takeFrame()].compactMap { $0 }
    #expect(frames.count == 2)
    for frame in frames {
      var assembler = FrameAssembler(checksum: .crc32c)
      var offset = 0
      guard case .header(let header)? = try assembler.next(frame.span, &offset) else { continue }
      #expect(header.requestID == 0x0102)
      #expect(try assembler.next(frame.span, &offset) != nil)
    }
  }

  @Test func whatWasNotSentCannotBeAcknowledged() throws {
    var queue = IngestQueue(firstSequence: 1)
    queue.append(Self.frame(100))
    queue.opened(id: 9, windowBytes: 1000)
    #expect(throws: RequestError.self) { try queue.acknowledge(Self.acknowledgement(1, 100)) }
    _ = queue.takeFrame()
    #expect(throws: RequestError.self) { try queue.acknowledge(Self.acknowledgement(2, 100)) }
    try queue.acknowledge(Self.acknowledgement(1, 100))
    #expect(queue.isEmpty)
    #expect(queue.resumeSequence == 2)
  }
}
