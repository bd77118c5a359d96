import NIOCore
package import VectorModel

/// What one stream of writes is doing: a pure value.
///
/// Chunks are written one after the other, so that nothing behind a refused one is ever applied; the next one is
/// decoded meanwhile. `next` gives the steps that the owner must take, until it gives nil.
package struct IngestState {
  package enum Step {
    case decode(sequence: UInt64, body: [UInt8])
    case write(WriteOperation, ProducerStamp)
    case acknowledge(Acknowledgement)
    /// The stream ends here with an error; the chunks from its sequence on were not applied.
    case fail(RequestError)
    /// The client closed the stream, and everything is acknowledged.
    case finish
  }

  private struct Chunk {
    var sequence: UInt64
    var frameBytes: Int
  }

  package let collection: String
  private let producer: UUID128
  private var nextSequence: UInt64
  private var waiting = CircularBuffer<(chunk: Chunk, body: [UInt8])>()
  private var decoding: Chunk?
  private var decoded: (chunk: Chunk, operation: WriteOperation)?
  private var writing: Chunk?
  private var acknowledgement: Acknowledgement?
  private var failure: RequestError?
  /// A chunk failed: what is decoded behind it is dropped.
  private var isBroken = false
  private var isClosing = false
  private var hasEnded = false

  package init(_ opening: StreamOpening) {
    collection = opening.collection
    producer = opening.producer
    nextSequence = opening.firstSequence
  }

  /// A chunk has come.
  package mutating func received(_ body: [UInt8], frameBytes: Int) {
    guard failure == nil else { return }
    do throws(RequestError) {
      let sequence = try StreamChunk.sequence(of: body)
      guard sequence == nextSequence, nextSequence < .max else {
        throw .badRequest("chunk \(sequence) where \(nextSequence) was to come")
      }
      nextSequence += 1
      waiting.append((Chunk(sequence: sequence, frameBytes: frameBytes), body))
    } catch {
      // What came before is written first.
      failure = error
    }
  }

  package mutating func decoded(_ result: Result<StreamChunk, RequestError>) {
    guard let chunk = decoding else { return }
    decoding = nil
    switch result {
    case .success(let read): if !isBroken { decoded = (chunk, read.operation) }
    case .failure(let error): if !isBroken { fail(chunk, error) }
    }
  }

  package mutating func written(_ result: Result<UInt64, RequestError>) {
    guard let chunk = writing else { return }
    writing = nil
    switch result {
    case .success(let operationID):
      acknowledgement = Acknowledgement(
        sequence: chunk.sequence, operationID: operationID, creditBytes: UInt32(clamping: chunk.frameBytes))
    case .failure(let error): fail(chunk, error)
    }
  }

  /// The client sends no more.
  package mutating func close() { isClosing = true }

  /// The server takes no more.
  package mutating func stop(_ error: RequestError) {
    if failure == nil { failure = error }
  }

  /// What to do now; nil where something must happen first.
  package mutating func next() -> Step? {
    if hasEnded { return nil }
    if let acknowledgement {
      self.acknowledgement = nil
      return .acknowledge(acknowledgement)
    }
    if writing == nil, let (chunk, operation) = decoded {
      decoded = nil
      writing = chunk
      return .write(operation, ProducerStamp(producer: producer, sequence: chunk.sequence))
    }
    if decoding == nil, decoded == nil, !waiting.isEmpty {
      let (chunk, body) = waiting.removeFirst()
      decoding = chunk
      return .decode(sequence: chunk.sequence, body: body)
    }
    guard waiting.isEmpty, decoding == nil, decoded == nil, writing == nil else { return nil }
    if let failure {
      hasEnded = true
      return .fail(failure)
    }
    guard isClosing else { return nil }
    hasEnded = true
    return .finish
  }

  /// Nothing behind a chunk that failed may be applied.
  private mutating func fail(_ chunk: Chunk, _ error: RequestError) {
    failure = RequestError(error.code, "chunk \(chunk.sequence): \(error.message)")
    isBroken = true
    waiting.removeAll()
    decoded = nil
  }
}
