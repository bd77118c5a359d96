import NIOCore
import NIOPosix
import NIOSSL
import Testing
import VectorModel

@testable import VectorServer

@Suite("The HTTP front on real sockets", .timeLimit(.minutes(10)))
struct HTTPListenerTests {
  /// A listener on a free port of the loopback, stopped when `body` is done.
  private func serve(
    _ handler: FakeHandler = FakeHandler(), keys: AccessKeys = AccessKeys(),
    limits: HTTPLimits = HTTPLimits(),
    tls: NIOSSLContext? = nil, _ body: (HTTPListener, ConnectionRegistry) async throws -> Void
  ) async throws {
    let front = makeFront(keys: keys, limits: limits)
    front.readiness.start(handler)
    let connections = ConnectionRegistry(connectionsMax: limits.connectionsMax)
    let listener = try await HTTPListener.bind(
      front: front, connections: connections, host: "127.0.0.1", port: 0,
      group: .singletonMultiThreadedEventLoopGroup, tls: tls)
    do {
      try await body(listener, connections)
    } catch {
      _ = await listener.stop(timeout: .zero)
      throw error
    }
    _ = await listener.stop(timeout: .zero)
  }

  @Test func requestsFollowEachOtherOnOneConnection() async throws {
    try await serve { listener, connections in
      let client = try await RawClient.connect(listener.port)
      for count in 1...3 {
        try await client.send(get("/healthz"))
        let answers = await client.read(until: "check passed", count: count)
        #expect(answers.split(separator: "HTTP/1.1 200 OK").count == count)
      }
      #expect(connections.counts.accepted == 1)
    }
  }

  @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
    let handler = FakeHandler { request in
      if case .collectionInfo(let name) = request { return .failure(.notFound("[\(name)]")) }
      return nil
    }
    try await serve(handler) { listener, _ in
      let client = try await RawClient.connect(listener.port)
      let count = 500
      try await client.send((0..<count).map { get("/collections/c\($0)") }.joined())
      let answers = await client.read(until: "[c\(count - 1)]")
      let names = answers.split(separator: "[").dropFirst().map { $0.prefix { $0 != "]" } }
      #expect(names == (0..<count).map { "c\($0)" })
    }
  }

  @Test func aLargeBodyIsDecodedOffTheEventLoop() async throws {
    let handler = FakeHandler { request in
      guard case .write(_, .upsert(let upsert), _) = request else { return nil }
      return .success(
        Response(.update(UpdateResult(operationID: UInt64(upsert.points.count), status: .completed))))
    }
    try await serve(handler) { listener, _ in
      let vector = (0..<64).map { _ in "0.25" }.joined(separator: ",")
      let points = (0..<2000).map { "{\"id\":\($0),\"vector\":[\(vector)]}" }.joined(separator: ",")
      let body = "{\"points\":[\(points)]}"
      #expect(body.utf8.count > 8 * HTTPLimits.inlineDecodeBytesMax)
      let client = try await RawClient.connect(listener.port)
      try await client.send(
        "PUT /collections/c/points?wait=true HTTP/1.1\r\nhost: x\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
      )
      #expect(await client.read(until: "}").contains(#""operation_id":2000"#))
    }
  }

  @Test func aLargeAnswerArrivesWhole() async throws {
    let names = (0..<100_000).map { "collection-\($0)" }
    try await serve(FakeHandler { _ in .success(Response(.collections(names))) }) { listener, _ in
      let client = try await RawClient.connect(listener.port)
      try await client.send(get("/collections") + get("/healthz"))
      let text = await client.read(until: "healthz check passed")
      #expect(text.contains(#""collection-99999""#))
    }
  }

  @Test func anUploadOverTheLimitIsToldSo() async throws {
    var limits = HTTPLimits()
    limits.bodyBytesMax = 1 << 20
    try await serve(limits: limits) { listener, _ in
      let announced = try await RawClient.connect(listener.port)
      let head = "PUT /collections/c/points HTTP/1.1\r\nhost: x\r\n"
      try await announced.send(head + "content-length: 50000000\r\n\r\n")
      announced.push(ByteBuffer(repeating: 0x20, count: 8 << 20))
      let answer = await announced.readAll()
      #expect(answer.hasPrefix("HTTP/1.1 413"))
      #expect(answer.contains("1048576 bytes"))
      #expect(answer.contains("connection: close"))
      announced.close()

      let chunked = try await RawClient.connect(listener.port)
      try await chunked.send(head + "transfer-encoding: chunked\r\n\r\n")
      let chunk = "10000\r\n" + String(repeating: " ", count: 0x10000) + "\r\n"
      for _ in 0..<40 { chunked.push(ByteBuffer(string: chunk)) }
      #expect(await chunked.readAll().hasPrefix("HTTP/1.1 413"))
      chunked.close()
    }
  }

  @Test func strangersUploadNothing() async throws {
    try await serve(keys: AccessKeys(full: "secret")) { listener, _ in
      let client = try await RawClient.connect(listener.port)
      try await client.send(
        "PUT /collections/c/points HTTP/1.1\r\nhost: x\r\ncontent-length: 30000000\r\n\r\n")
      client.push(ByteBuffer(repeating: 0x20, count: 4 << 20))
      let answer = await client.readAll()
      #expect(answer.hasPrefix("HTTP/1.1 401"))
      client.close()
    }
  }

  @Test func allBodiesTogetherHaveALimit() async throws {
    var limits = HTTPLimits()
    limits.bodyBytesMax = 1 << 20
    limits.bodiesBytesMax = 1 << 20
    try await serve(limits: limits) { listener, _ in
      let head = "PUT /collections/c/points HTTP/1.1\r\nhost: x\r\n"
      let first = try await RawClient.connect(listener.port)
      try await first.send(head + "content-length: 1000000\r\nexpect: 100-continue\r\n\r\n")
      #expect(await first.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
      let second = try await RawClient.connect(listener.port)
      try await second.send(head + "content-length: 1000000\r\n\r\n")
      let refusal = await second.readAll()
      #expect(refusal.hasPrefix("HTTP/1.1 503"))
      #expect(refusal.contains("1048576 bytes") && refusal.contains("retry-after: 1"))
      second.close()

      // What the first held is free again once it is gone.
      try await first.send(String(repeating: " ", count: 1_000_000))
      #expect(await first.read(until: "time").contains("HTTP/1.1 400"))
      let third = try await RawClient.connect(listener.port)
      try await third.send(
        head + "content-length: 1000000\r\n\r\n" + String(repeating: " ", count: 1_000_000))
      #expect(await third.read(until: "time").hasPrefix("HTTP/1.1 400"))
    }
  }

  @Test func connectionsOverTheLimitAreToldSo() async throws {
    var limits = HTTPLimits()
    limits.connectionsMax = 2
    try await serve(limits: limits) { listener, connections in
      var clients: [RawClient] = []
      for _ in 0..<2 {
        let client = try await RawClient.connect(listener.port)
        try await client.send(get("/healthz"))
        _ = await client.read(until: "passed")
        clients.append(client)
      }
      let refused = try await RawClient.connect(listener.port)
      try await refused.send(get("/healthz"))
      let answer = await refused.readAll()
      #expect(answer.hasPrefix("HTTP/1.1 503 Service Unavailable"))
      #expect(answer.contains("limit of 2 connections"))
      refused.close()
      #expect(connections.counts.refused == 1)
      #expect(connections.counts.accepted == 2)
    }
  }

  enum SlowPeer: CaseIterable { case silent, withinTheHead, withinTheBody }

  /// Only the timeout in question is short: on a busy machine any short one may strike.
  @Test(arguments: SlowPeer.allCases) func slowPeersAreClosed(peer: SlowPeer) async throws {
    var limits = HTTPLimits()
    let sent: String
    switch peer {
    case .silent:
      limits.idleTimeout = .milliseconds(50)
      sent = ""
    case .withinTheHead:
      limits.headTimeout = .milliseconds(50)
      sent = "GET /healthz HTTP/1.1\r\nx"
    case .withinTheBody:
      limits.bodyTimeout = .milliseconds(50)
      sent = "POST /collections/c/points/count HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n{"
    }
    try await serve(limits: limits) { listener, _ in
      let client = try await RawClient.connect(listener.port)
      try await client.send(sent)
      let answer = await client.readAll()
      #expect(peer == .withinTheBody ? answer.hasPrefix("HTTP/1.1 408") : answer.isEmpty)
      client.close()
    }
  }

  @Test func aPeerThatClosesItsHalfGetsItsAnswer() async throws {
    let handler = FakeHandler { _ in nil }
    try await serve(handler) { listener, _ in
      let client = try await RawClient.connect(listener.port)
      try await client.send(get("/collections/c"))
      try await client.closeOutput()
      await handler.hasRequest()
      handler.release(.failure(.notFound("it")))
      #expect(await client.readAll().contains("Not found: it"))
    }
  }

  @Test func aPeerThatGoesAwayHarmsNobody() async throws {
    let handler = FakeHandler { _ in nil }
    try await serve(handler) { listener, _ in
      let gone = try await RawClient.connect(listener.port)
      try await gone.send(get("/collections/c"))
      await handler.hasRequest()
      gone.close()
      handler.release()
      let other = try await RawClient.connect(listener.port)
      try await other.send(get("/healthz"))
      #expect(await other.read(until: "passed").hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test func aStopAwaitsTheRequestsInFlight() async throws {
    let handler = FakeHandler { _ in nil }
    try await serve(handler) { listener, connections in
      let idle = try await RawClient.connect(listener.port)
      try await idle.send(get("/healthz"))
      _ = await idle.read(until: "passed")
      let busy = try await RawClient.connect(listener.port)
      try await busy.send(get("/collections/c"))
      await handler.hasRequest()
      #expect(listener.isListening)

      async let isDrained = listener.stop(timeout: .seconds(30))
      _ = await idle.readAll()
      handler.release(.failure(.notFound("it")))
      let answer = await busy.readAll()
      #expect(answer.contains("Not found: it"))
      #expect(answer.contains("connection: close"))
      #expect(await isDrained)
      #expect(connections.counts.open == 0)
      // Not asked by a connection: another test's server may have the port by now.
      #expect(!listener.isListening)
    }
  }

  @Test func aStopCutsOffWhatTakesTooLong() async throws {
    let handler = FakeHandler { _ in nil }
    try await serve(handler) { listener, connections in
      let busy = try await RawClient.connect(listener.port)
      try await busy.send(get("/collections/c"))
      await handler.hasRequest()
      #expect(await !listener.stop(timeout: .milliseconds(10)))
      #expect(connections.counts.open == 0)
      #expect(await busy.readAll() == "")
    }
  }

  @Test func anAddressInUseIsNamed() async throws {
    try await serve { listener, _ in
      await #expect {
        _ = try await HTTPListener.bind(
          front: makeFront(), connections: ConnectionRegistry(connectionsMax: 1), host: "127.0.0.1",
          port: listener.port, group: .singletonMultiThreadedEventLoopGroup)
      } throws: { error in
        (error as? RequestError)?.message.contains("cannot listen on 127.0.0.1:\(listener.port)") == true
      }
    }
  }
}
