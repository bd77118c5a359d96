import NIOCore
import VectorModel

/// The chunks of a stream that are not acknowledged: a pure value that knows what may be sent and what must be
/// sent again.
struct IngestQueue {
  struct Chunk {
    let sequence: UInt64
    /// The whole frame, for the stream's present id.
    var frame: [UInt8]
  }

  private(set) var chunks = CircularBuffer<Chunk>()
  private(set) var nextSequence: UInt64
  /// The last sequence that is durable; one below the first where none is.
  private(set) var acknowledgedSequence: UInt64
  /// The bytes of all chunks here.
  private(set) var bytes = 0
  /// How many of the chunks are on their way.
  private var sentCount = 0
  private var creditBytes = 0

  init(firstSequence: UInt64) {
    nextSequence = firstSequence
    acknowledgedSequence = firstSequence &- 1
  }

  var isEmpty: Bool { chunks.isEmpty }

  /// The sequence that a stream must be opened with to go on.
  var resumeSequence: UInt64 { chunks.first?.sequence ?? nextSequence }

  /// Takes a chunk's frame, which has its sequence already.
  mutating func append(_ frame: [UInt8]) {
    chunks.append(Chunk(sequence: nextSequence, frame: frame))
    nextSequence += 1
    bytes += frame.count
  }

  /// The stream is open anew with an id and a window: everything here is to be sent from its start.
  mutating func opened(id: UInt32, windowBytes: Int) {
    for index in chunks.indices { FrameWriter.readdress(&chunks[index].frame, requestID: id, .crc32c) }
    sentCount = 0
    creditBytes = windowBytes
  }

  /// The next frame that the credit lets go; nil where there is none.
  mutating func takeFrame() -> [UInt8]? {
    guard sentCount < chunks.count else { return nil }
    let frame = chunks[offset: sentCount].frame
    guard frame.count <= creditBytes else { return nil }
    creditBytes -= frame.count
    sentCount += 1
    return frame
  }

  /// - Throws: `badRequest` for an acknowledgement of what was not sent.
  mutating func acknowledge(_ acknowledgement: Acknowledgement) throws(RequestError) {
    creditBytes += Int(acknowledgement.creditBytes)
    let last = sentCount == 0 ? acknowledgedSequence : chunks[offset: sentCount - 1].sequence
    guard acknowledgement.sequence <= last else {
      throw .badRequest("chunk \(acknowledgement.sequence) is acknowledged, the last one sent is \(last)")
    }
    while let chunk = chunks.first, chunk.sequence <= acknowledgement.sequence {
      chunks.removeFirst()
      bytes -= chunk.frame.count
      sentCount -= 1
    }
    acknowledgedSequence = max(acknowledgedSequence, acknowledgement.sequence)
  }
}

extension CircularBuffer {
  fileprivate subscript(offset offset: Int) -> Element { self[index(startIndex, offsetBy: offset)] }
}
