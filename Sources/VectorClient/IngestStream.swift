import NIOCore
package import VectorModel

/// Writes in the order of a producer's sequence, many under way at once, and resumed by itself after a lost connection.
///
/// `send` returns as soon as the write is queued, and waits while the window is full: the server's pace reaches the
/// caller. Every write is applied once, whatever happens to connections, as long as the same sequence means the same
/// write: a caller that starts anew goes on with the same producer behind its last acknowledged sequence, or with a
/// new producer.
package actor IngestStream {
  private let client: VectorClient
  private let collection: String
  private let producer: UUID128
  private var windowBytes: Int
  private var queue: IngestQueue
  private var connection: (ClientConnection, id: UInt32)?
  private var failure: RequestError?
  private var isClosing = false
  private var worker: Task<Void, Never>?
  /// Attempts to open the stream since something was acknowledged last.
  private var attempts = 0
  private(set) var waiting: [CheckedContinuation<Void, Never>] = []

  package static let windowBytesStandard = 8 << 20

  init(
    _ client: VectorClient, collection: String, producer: UUID128, firstSequence: UInt64, windowBytes: Int
  ) {
    self.client = client
    self.collection = collection
    self.producer = producer
    self.windowBytes = windowBytes
    queue = IngestQueue(firstSequence: firstSequence)
  }

  /// The last sequence that is durable and visible.
  package var acknowledgedSequence: UInt64 { queue.acknowledgedSequence }

  /// Queues a write, behind the window where that is full.
  /// - Returns: the write's sequence.
  /// - Throws: what ended the stream, or `payloadTooLarge` for a write that no window holds.
  @discardableResult
  package func send(_ operation: WriteOperation) async throws(RequestError) -> UInt64 {
    let id = connection?.id ?? 0
    var writer = FrameWriter(.chunk, requestID: id)
    StreamChunk(sequence: 0, operation: operation).write(to: &writer.body)
    let frameBytes = writer.bodyBytes + FrameHeader.byteCount
    while try !hasRoom(frameBytes) {
      start()
      await change()
    }
    let sequence = queue.nextSequence
    writer.setSequence(sequence)
    var frame = writer.finish(.crc32c)
    if let connection, connection.id != id {
      FrameWriter.readdress(&frame, requestID: connection.id, .crc32c)
    }
    queue.append(frame)
    start()
    sendFrames()
    return sequence
  }

  /// Whether a chunk fits into the window beside what is under way. The window may shrink whenever the stream is opened.
  private func hasRoom(_ frameBytes: Int) throws(RequestError) -> Bool {
    try check()
    guard frameBytes <= windowBytes else {
      throw RequestError(
        .payloadTooLarge,
        "Bad request: a chunk of \(frameBytes) bytes, the stream's window has \(windowBytes)")
    }
    return queue.bytes + frameBytes <= windowBytes
  }

  /// Waits until everything sent is acknowledged.
  /// - Returns: the last acknowledged sequence.
  @discardableResult
  package func flush() async throws(RequestError) -> UInt64 {
    while failure == nil, !queue.isEmpty {
      start()
      await change()
    }
    try check()
    return queue.acknowledgedSequence
  }

  /// Waits until everything sent is acknowledged, and ends the stream.
  package func close() async throws(RequestError) {
    try await flush()
    isClosing = true
    failure = .badRequest("the stream is closed")
    sendClose()
    await worker?.value
  }

  private func sendClose() {
    guard let (connection, id) = connection else { return }
    connection.send(id, FrameWriter(.closeStream, requestID: id).finish(.crc32c))
  }

  // MARK: The stream at work

  private func check() throws(RequestError) {
    if let failure { throw failure }
  }

  /// Waits for the next acknowledgement or end.
  private func change() async {
    await withCheckedContinuation { waiting.append($0) }
  }

  private func changed() {
    let waiting = waiting
    self.waiting = []
    for continuation in waiting { continuation.resume() }
  }

  private func start() {
    guard worker == nil, failure == nil else { return }
    worker = Task { await work() }
  }

  /// Opens the stream, follows it to its end, and opens it again while that may help.
  private func work() async {
    while failure == nil {
      let lost: CallFailure
      do throws(CallFailure) {
        try await follow(try await client.pool.connection())
        lost = .lost(RequestError(.unavailable, "Service unavailable: the stream ended"))
      } catch {
        lost = error
      }
      connection = nil
      guard !isClosing else { break }
      guard attempts < client.configuration.streamRetriesMax, lost.permitsResumption else {
        failure = lost.error
        break
      }
      let pause = client.pause(behind: lost, retries: attempts)
      attempts += 1
      guard (try? await Task.sleep(for: .nanoseconds(pause.nanoseconds))) != nil else {
        failure = .timeout("the stream was cancelled")
        break
      }
    }
    worker = nil
    changed()
  }

  private func follow(_ connection: ClientConnection) async throws(CallFailure) {
    let opening = StreamOpening(
      collection: collection, producer: producer, firstSequence: queue.resumeSequence,
      windowBytes: UInt32(clamping: windowBytes))
    let (id, frames) = connection.openStream(opening)
    for await result in frames {
      let frame = try result.get()
      do throws(RequestError) {
        if try take(frame, connection, id) { return }
      } catch {
        let retryMilliseconds = (try? RequestError.answer(frame.body).retryMilliseconds) ?? 0
        throw .refused(error, retryMilliseconds: retryMilliseconds)
      }
    }
  }

  /// Takes a frame of the stream; true for its last one.
  private func take(_ frame: ClientFrame, _ connection: ClientConnection, _ id: UInt32) throws(RequestError)
    -> Bool
  {
    switch Opcode(rawValue: frame.opcode) {
    case .streamOpened:
      var reader = ByteReader(frame.body)
      let granted = Int(try reader.fixed32())
      if let chunk = queue.chunks.first(where: { $0.frame.count > granted }) {
        throw RequestError(
          .payloadTooLarge,
          "Bad request: a chunk of \(chunk.frame.count) bytes, the server's window has \(granted)")
      }
      windowBytes = min(windowBytes, granted)
      queue.opened(id: id, windowBytes: granted)
      self.connection = (connection, id)
      // A stream that was closed meanwhile has nothing to resume.
      if isClosing { sendClose() }
      sendFrames()
      changed()
    case .acknowledgement:
      try queue.acknowledge(try Acknowledgement(body: frame.body))
      attempts = 0
      sendFrames()
      changed()
    case .error: throw try RequestError.answer(frame.body).error
    case .streamClosed: return true
    default: throw .badRequest("the server sent opcode \(frame.opcode) on a stream")
    }
    return false
  }

  private func sendFrames() {
    guard let (connection, id) = connection else { return }
    while let frame = queue.takeFrame() { connection.send(id, frame) }
  }
}

extension CallFailure {
  /// Whether the stream may go on over another connection or later.
  fileprivate var permitsResumption: Bool {
    switch self {
    case .notSent, .lost: true
    case .refused(let error, _): error.isTransient
    case .ended: false
    }
  }
}

extension VectorClient {
  /// A stream of writes to one collection.
  ///
  /// - Parameters:
  ///   - producer: who writes, where the caller keeps that across its own restarts.
  ///   - firstSequence: the sequence of the first write; one behind the last acknowledged one of the producer.
  ///   - windowBytes: how much may be under way; the server may grant less.
  package func ingest(
    into collection: String, producer: UUID128 = .random(), firstSequence: UInt64 = 1,
    windowBytes: Int = IngestStream.windowBytesStandard
  ) -> IngestStream {
    IngestStream(
      self, collection: collection, producer: producer, firstSequence: firstSequence, windowBytes: windowBytes
    )
  }
}
