import NIOCore
import NIOPosix
import NIOSSL
import Testing
import VectorModel

@testable import VectorServer

@Suite("The binary front on real sockets", .timeLimit(.minutes(10)))
struct BinaryListenerTests {
  private static let count = Request.count(collection: "c", CountRequest())

  /// Beside many other tests one may stand still for minutes between two steps.
  private static var patientLimits: BinaryLimits {
    var limits = BinaryLimits()
    limits.helloTimeout = .minutes(10)
    limits.idleTimeout = .minutes(10)
    limits.frameTimeout = .minutes(10)
    return limits
  }

  /// A listener on a free port of the loopback, stopped when `body` is done.
  private func serve(
    _ handler: FakeHandler = FakeHandler(), limits: BinaryLimits = patientLimits, tls: NIOSSLContext? = nil,
    _ body: (BinaryListener, BinaryFront) async throws -> Void
  ) async throws {
    let front = makeBinaryFront(limits: limits)
    front.readiness.start(handler)
    let listener = try await BinaryListener.bind(
      front: front, connections: ConnectionRegistry(connectionsMax: limits.connectionsMax), host: "127.0.0.1",
      port: 0, group: .singletonMultiThreadedEventLoopGroup, tls: tls)
    do {
      try await body(listener, front)
    } catch {
      _ = await listener.stop(timeout: .zero)
      throw error
    }
    _ = await listener.stop(timeout: .zero)
  }

  @Test func manyRequestsAreAnsweredOnOneConnection() async throws {
    try await serve { listener, _ in
      let socket = try await BinarySocket.connect(listener.port)
      _ = try await socket.open()
      socket.send((2...101).flatMap { Wire.request(Self.count, $0) })
      let answers = try await socket.read(100)
      #expect(answers == (2...101).map { .result($0, "count(7)") })
    }
  }

  @Test func aLargeFrameIsDecodedOffTheEventLoop() async throws {
    let handler = FakeHandler { request in
      guard case .write(_, .upsert(let upsert), _) = request else { return nil }
      return .success(Response(.count(upsert.points.count)))
    }
    try await serve(handler) { listener, front in
      let points = (0..<2000).map {
        Point(
          id: .number(UInt64($0)),
          vectors: NamedVectors(unnamed: .dense([Float](repeating: Float($0), count: 256))))
      }
      let socket = try await BinarySocket.connect(listener.port)
      _ = try await socket.open()
      let upsert = Request.write(
        collection: "c", .upsert(UpsertOperation(points: points)), UpdateParameters())
      socket.send(Wire.request(upsert, 2))
      #expect(try await socket.read(1) == [.result(2, "count(2000)")])
      guard case .write(_, .upsert(let received), _)? = handler.requests.first else {
        throw RequestError.badRequest("no upsert")
      }
      #expect(received.points == points)
    }
  }

  @Test func theBytesOfARequestCountUntilItsAnswer() async throws {
    let handler = FakeHandler { _ in nil }
    try await serve(handler) { listener, front in
      let payload = Array("{\"a\":\"\(String(repeating: "x", count: 100_000))\"}".utf8)
      let point = Point(id: .number(1), vectors: NamedVectors(), payload: payload)
      let upsert = Request.write(
        collection: "c", .upsert(UpsertOperation(points: [point])), UpdateParameters())
      let socket = try await BinarySocket.connect(listener.port)
      _ = try await socket.open()
      socket.send(Wire.request(upsert, 2))
      await handler.hasRequest()
      #expect(front.bodies.usedBytes > 100_000)
      handler.release()
      _ = try await socket.read(1)
      #expect(front.bodies.usedBytes == 0)
    }
  }

  @Test func connectionsOverTheLimitAreTold() async throws {
    var limits = BinaryLimits()
    limits.connectionsMax = 1
    // On a busy machine the peer's first bytes may be late.
    limits.helloTimeout = .minutes(10)
    limits.lingerTimeout = .seconds(60)
    try await serve(limits: limits) { listener, _ in
      let first = try await BinarySocket.connect(listener.port)
      _ = try await first.open()
      let second = try await BinarySocket.connect(listener.port)
      let answers = try await second.open(2)
      #expect(answers.count == 1)
      #expect(answers.first?.failure?.code == .unavailable)
      first.send(Wire.request(Self.count, 2))
      #expect(try await first.read(1) == [.result(2, "count(7)")])
    }
  }

  @Test func aHalfClosedPeerGetsItsAnswers() async throws {
    let handler = FakeHandler { _ in nil }
    try await serve(handler) { listener, _ in
      let socket = try await BinarySocket.connect(listener.port)
      _ = try await socket.open()
      socket.send(Wire.request(Self.count, 2))
      try await socket.closeOutput()
      await handler.hasRequest()
      handler.release()
      #expect(try await socket.read(2) == [.result(2, "count(7)")])
    }
  }

  @Test func stoppingWaitsForWhatIsInProgress() async throws {
    let handler = FakeHandler { _ in nil }
    try await serve(handler) { listener, front in
      let socket = try await BinarySocket.connect(listener.port)
      _ = try await socket.open()
      socket.send(Wire.request(Self.count, 2))
      await handler.hasRequest()
      front.readiness.stop()
      async let isDone = listener.stop(timeout: .seconds(30))
      guard case .goodbye = try await socket.read(1).first else {
        throw RequestError.badRequest("no goodbye")
      }
      handler.release()
      #expect(try await socket.read(2) == [.result(2, "count(7)")])
      #expect(await isDone)
    }
  }

  @Test func framesGoOverTLS() async throws {
    let directory = try TemporaryDirectory()
    let chain = try directory.write("chain.pem", TestCertificate.chainPEM)
    let key = try directory.write("key.pem", TestCertificate.keyPEM)
    let context = try NIOSSLContext(
      configuration: .makeServerConfiguration(
        certificateChain: try NIOSSLCertificate.fromPEMFile(chain).map { .certificate($0) },
        privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))))
    try await serve(tls: context) { listener, _ in
      let socket = try await BinarySocket.connect(listener.port, tls: try TestCertificate.clientContext())
      _ = try await socket.open()
      socket.send(Wire.request(Self.count, 2))
      #expect(try await socket.read(1) == [.result(2, "count(7)")])
    }
  }
}
