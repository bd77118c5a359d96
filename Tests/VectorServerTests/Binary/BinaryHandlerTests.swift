import Logging
import NIOCore
import NIOEmbedded
import NIOPosix
import Testing
import VectorModel

@testable import VectorServer

/// One connection of a binary front without sockets, whose clock a test moves.
private final class Connection {
  let front: BinaryFront
  let channel = EmbeddedChannel()
  private var hasPreface = true

  init(_ handler: FakeHandler = FakeHandler(), isReady: Bool = true, opening: [UInt8] = Wire.opening()) throws
  {
    front = makeBinaryFront()
    if isReady { front.readiness.start(handler) }
    try BinaryListener.configure(
      channel, front: front, connections: ConnectionRegistry(connectionsMax: 1))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    try send(opening)
  }

  /// What is sent back for `bytes`, so far.
  @discardableResult
  func send(_ bytes: [UInt8]) throws -> [Wire.Answer] {
    if channel.isActive { try channel.writeInbound(ByteBuffer(bytes: bytes)) }
    return try received()
  }

  func received() throws -> [Wire.Answer] {
    channel.embeddedEventLoop.run()
    var bytes: [UInt8] = []
    while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
      bytes += Array(buffer.readableBytesView)
    }
    defer { if !bytes.isEmpty { hasPreface = false } }
    return try Wire.answers(bytes, hasPreface: hasPreface)
  }

  func finish() { _ = try? channel.finish(acceptAlreadyClosed: true) }
}

func makeBinaryFront(keys: AccessKeys = AccessKeys(), limits: BinaryLimits = BinaryLimits()) -> BinaryFront {
  BinaryFront(
    keys: keys, limits: limits, readiness: Readiness(), bodies: BodyBudget(bytesMax: 64 << 20),
    decoders: .singleton, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
}

@Suite struct BinaryHandlerTests {
  private static let count = Request.count(collection: "c", CountRequest())

  @Test func requestsAreAnsweredInAnyOrder() throws {
    let handler = FakeHandler { request in
      if case .collectionExists = request { .success(Response(.exists(true))) } else { nil }
    }
    let connection = try Connection(handler)
    #expect(
      try connection.send(Wire.request(Self.count, 2) + Wire.request(.collectionExists("c"), 3))
        == [.result(3, "exists(true)")])
    handler.release()
    #expect(try connection.received() == [.result(2, "count(7)")])
    connection.finish()
  }

  @Test func aBrokenBodyIsAnsweredAndTheConnectionGoesOn() throws {
    let connection = try Connection()
    let answers = try connection.send(Wire.frame(.count, 2) { $0.raw([1]) } + Wire.request(Self.count, 3))
    #expect(answers.first?.failure?.id == 2)
    #expect(answers.first?.failure?.code == .badRequest)
    #expect(answers.last == .result(3, "count(7)"))
    connection.finish()
  }

  @Test func aFailureHasTheEnginesCodeAndMessage() throws {
    let error = RequestError.notFound("Collection `c` doesn't exist!")
    let connection = try Connection(FakeHandler { _ in .failure(error) })
    #expect(try connection.send(Wire.request(Self.count, 2)) == [.error(2, error)])
    connection.finish()
  }

  @Test func aStartingServerSaysSo() throws {
    let connection = try Connection(isReady: false)
    #expect(try connection.send(Wire.request(Self.count, 2)).first?.failure?.code == .unavailable)
    connection.front.readiness.start(FakeHandler())
    #expect(try connection.send(Wire.request(Self.count, 3)) == [.result(3, "count(7)")])
    connection.finish()
  }

  @Test func anAnswerThatTheClientDoesNotTakeIsAnError() throws {
    let names = (0..<100).map { "collection \($0)" }
    let connection = try Connection(
      FakeHandler { _ in .success(Response(.collections(names))) }, opening: Wire.opening(answerBytesMax: 500)
    )
    let failure = try connection.send(Wire.request(.listCollections, 2)).first?.failure
    #expect(failure?.code == .payloadTooLarge)
    connection.finish()
  }

  @Test func nothingIsReadWhileTheSocketTakesNothing() throws {
    let handler = FakeHandler()
    let connection = try Connection(handler)
    connection.channel.isWritable = false
    connection.channel.pipeline.fireChannelWritabilityChanged()
    #expect(try connection.send(Wire.request(Self.count, 2)).isEmpty)
    #expect(handler.requests.isEmpty)
    connection.channel.isWritable = true
    connection.channel.pipeline.fireChannelWritabilityChanged()
    #expect(try connection.received() == [.result(2, "count(7)")])
    connection.finish()
  }

  @Test func aStreamIsAcknowledgedChunkByChunk() throws {
    let handler = FakeHandler { _ in nil }
    let connection = try Connection(handler)
    let chunks = (1...3).map { Wire.chunk(5, $0) }
    #expect(try connection.send(Wire.openStream(5) + chunks.joined()) == [.streamOpened(5, window: 65_536)])
    for sequence in UInt64(1)...3 {
      #expect(handler.requests.count == Int(sequence))
      handler.release(
        .success(Response(.update(UpdateResult(operationID: 100 + sequence, status: .completed)))))
      #expect(
        try connection.received() == [
          .acknowledged(
            5,
            Acknowledgement(
              sequence: sequence, operationID: 100 + sequence, creditBytes: UInt32(chunks[0].count)))
        ])
    }
    let stamps = handler.requests.map { request -> ProducerStamp? in
      if case .write("c", _, let parameters) = request { parameters.producer } else { nil }
    }
    let producer = UUID128(high: 1, low: 2)
    #expect(stamps == (1...3).map { ProducerStamp(producer: producer, sequence: $0) })
    #expect(try connection.send(Wire.frame(.closeStream, 5)) == [.streamClosed(5)])
    #expect(try connection.send(Wire.openStream(5)) == [.streamOpened(5, window: 65_536)])
    connection.finish()
  }

  @Test func aFailedChunkEndsItsStreamAndNothingElse() throws {
    let handler = FakeHandler { _ in nil }
    let connection = try Connection(handler)
    _ = try connection.send(Wire.openStream(5) + Wire.chunk(5, 1) + Wire.chunk(5, 2))
    handler.release(.failure(.wrongInput("no")))
    let answers = try connection.received()
    #expect(answers == [.error(5, .wrongInput("no").prefixed("chunk 1: "))])
    #expect(try connection.send(Wire.chunk(5, 3) + Wire.frame(.ping, 6)) == [.pong(6, [])])
    #expect(handler.requests.count == 1)
    connection.finish()
  }

  @Test func aStoppingServerFinishesWhatItHas() throws {
    let handler = FakeHandler { _ in nil }
    let connection = try Connection(handler)
    _ = try connection.send(Wire.openStream(5) + Wire.chunk(5, 1) + Wire.request(Self.count, 6))
    connection.front.readiness.stop()
    connection.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    guard case .goodbye(let error) = try connection.received().first else {
      throw RequestError.badRequest("no goodbye")
    }
    #expect(error.code == .unavailable)
    handler.release(.success(Response(.update(UpdateResult(operationID: 9, status: .completed)))))
    let ends = try connection.received()
    #expect(ends.count == 2)
    #expect(ends.last?.failure?.code == .unavailable)
    #expect(connection.channel.isActive)
    handler.release()
    #expect(try connection.received() == [.result(6, "count(7)")])
    #expect(!connection.channel.isActive)
    connection.finish()
  }

  @Test func aSilentPeerIsCutOffByTheClock() throws {
    let connection = try Connection()
    connection.channel.embeddedEventLoop.advanceTime(by: .seconds(119))
    #expect(try connection.received().isEmpty)
    connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(try connection.received().first?.failure?.code == .timeout)
    connection.channel.embeddedEventLoop.advanceTime(by: .seconds(2))
    #expect(!connection.channel.isActive)
    connection.finish()
  }

  @Test func answersAreCountedByOpcodeAndStatus() throws {
    let connection = try Connection()
    _ = try connection.send(Wire.request(Self.count, 2) + Wire.frame(.count, 3) { $0.raw([1]) })
    let totals = connection.front.metrics.metrics().first { $0.name == "binary_responses_total" }
    #expect(totals?.samples.map { $0.labels.map(\.value) } == [["count", "ok"], ["count", "badRequest"]])
    #expect(totals?.samples.map(\.value) == [1, 1])
    connection.finish()
  }
}

extension RequestError {
  fileprivate func prefixed(_ prefix: String) -> RequestError { RequestError(code, prefix + message) }
}
