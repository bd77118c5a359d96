import Dispatch
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing
import VectorModel

@testable import VectorServer

@Suite("Snapshots over real sockets", .timeLimit(.minutes(10)))
struct SnapshotTransferTests {
  private static let path = "/collections/c/snapshots"

  private func serve(
    _ handler: SnapshotHandler, limits: HTTPLimits = HTTPLimits(), tls: NIOSSLContext? = nil,
    _ body: (Int) async throws -> Void
  ) async throws {
    let front = makeFront(limits: limits)
    front.readiness.start(handler)
    let listener = try await HTTPListener.bind(
      front: front, connections: ConnectionRegistry(connectionsMax: 100), host: "127.0.0.1", port: 0,
      group: .singletonMultiThreadedEventLoopGroup, tls: tls)
    let result: Result<Void, any Error>
    do { result = .success(try await body(listener.port)) } catch { result = .failure(error) }
    _ = await listener.stop(timeout: .zero)
    try result.get()
  }

  /// Gives the server's loops and threads time to do whatever they would do.
  private func letItRun(_ port: Int) async throws {
    let client = try await RawClient.connect(port)
    for count in 1...200 {
      try await client.send(get("/healthz"))
      _ = await client.read(until: "check passed", count: count)
    }
    client.close()
  }

  /// A peer that takes little is sent little: what is read of the file stays near to what the peer has.
  @Test func aDownloadIsReadAsTheSocketTakesIt() async throws {
    let source = PatternSource(byteCount: 96 << 20)
    try await serve(SnapshotHandler(source: source)) { port in
      let peer = try await SlowPeer.connect(port)
      try await peer.send(get("\(Self.path)/s"))
      try await letItRun(port)
      var received = 0
      var head = [UInt8]()
      var isBehindHead = false
      while received < 96 << 20 {
        var part = try #require(await peer.next(), "the connection ended after \(received) bytes")
        if !isBehindHead {
          head += part.readBytes(length: part.readableBytes) ?? []
          guard let end = head.firstRange(of: Array("\r\n\r\n".utf8)) else { continue }
          isBehindHead = true
          part = ByteBuffer(bytes: head[end.upperBound...])
        }
        #expect(PatternSource.matches(part, at: received))
        received += part.readableBytes
        #expect(source.readThrough - received <= 24 << 20)
      }
      #expect(String(decoding: head, as: UTF8.self).contains("content-length: \(96 << 20)"))
      peer.close()
    }
  }

  @Test func aBrokenDownloadLetsGoOfTheFile() async throws {
    let (released, signal) = AsyncStream.makeStream(of: Void.self)
    let handler = SnapshotHandler(source: PatternSource(byteCount: 1 << 40) { signal.finish() })
    try await serve(handler) { port in
      let peer = try await SlowPeer.connect(port)
      try await peer.send(get("\(Self.path)/s"))
      _ = await peer.next()
      handler.forgetSource()
      peer.close()
      for await _ in released {}
    }
  }

  /// The body is larger than any that is held, and the disk is slow: the sender waits.
  @Test func anUploadOfAnySizeGoesToTheFileAndWaitsForIt() async throws {
    let handler = SnapshotHandler()
    var limits = HTTPLimits()
    limits.bodyBytesMax = 1 << 20
    limits.bodiesBytesMax = 1 << 20
    let byteCount = 96 << 20
    handler.sink.hold()
    try await serve(handler, limits: limits) { port in
      let peer = try await SlowPeer.connect(port)
      try await peer.send(
        "POST \(Self.path)/upload HTTP/1.1\r\nhost: localhost\r\ncontent-length: \(byteCount)\r\n\r\n")
      let sent = Atomic(false)
      let sending = Task {
        try await peer.send(PatternSource.bytes(0..<byteCount))
        sent.store(true, ordering: .sequentiallyConsistent)
      }
      try await letItRun(port)
      let isSent = sent.load(ordering: .sequentiallyConsistent)
      #expect(!isSent, "the server took what the disk did not")
      handler.sink.release()
      try await sending.value
      let answer = try #require(await peer.next())
      #expect(String(buffer: answer).hasPrefix("HTTP/1.1 200 OK"))
      #expect(handler.sink.byteCount == byteCount)
      #expect(handler.sink.isRight)
      #expect(handler.recoveries == ["c"])
      peer.close()
    }
  }

  @Test func aBrokenUploadLeavesNothing() async throws {
    let (released, signal) = AsyncStream.makeStream(of: Void.self)
    let handler = SnapshotHandler(onRelease: { signal.finish() })
    try await serve(handler) { port in
      let peer = try await SlowPeer.connect(port)
      try await peer.send(
        "POST \(Self.path)/upload HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2000000\r\n\r\n")
      try await peer.send(PatternSource.bytes(0..<1_000_000))
      await handler.sink.reaches(1_000_000)
      handler.forgetSink()
      peer.close()
      for await _ in released {}
      #expect(handler.recoveries == [])
    }
  }

  @Test func aSnapshotIsFetchedFromAURL() async throws {
    let handler = SnapshotHandler(source: PatternSource(byteCount: 3_000_000))
    try await serve(handler) { port in
      let fetched = PatternSink()
      let url = "http://127.0.0.1:\(port)\(Self.path)/s"
      try await Self.fetch(url) { (bytes) throws(RequestError) in try fetched.write(bytes) }
      #expect(fetched.byteCount == 3_000_000)
      #expect(fetched.isRight)
      // What the receiver says ends it.
      await #expect(throws: RequestError.badRequest("too large")) {
        try await Self.fetch(url) { (_) throws(RequestError) in throw .badRequest("too large") }
      }
      handler.forgetSource()
      let refusal = await #expect(throws: RequestError.self) { try await Self.fetch(url) { _ in } }
      #expect(refusal?.message.contains("status 404") == true)
    }
    for url in ["http://127.0.0.1:1/x", "https://127.0.0.1:1/x", "http://:80/x", "http://[::1]:0/x"] {
      let refusal = await #expect(throws: RequestError.self) { try await Self.fetch(url) { _ in } }
      #expect(refusal?.httpStatus == 400, "\(url): \(refusal?.message ?? "")")
    }
  }

  @Test func aServersCertificateMustDescendFromTheAuthorities() async throws {
    let directory = try TemporaryDirectory()
    let authorities = try directory.write("authorities.pem", TestCertificate.chainPEM)
    let handler = SnapshotHandler(source: PatternSource(byteCount: 3_000_000))
    try await serve(handler, tls: TestCertificate.serverContext()) { port in
      let fetched = PatternSink()
      let url = "https://localhost:\(port)\(Self.path)/s"
      try await Self.fetch(url, authorities: authorities) { (bytes) throws(RequestError) in
        try fetched.write(bytes)
      }
      #expect(fetched.byteCount == 3_000_000)
      #expect(fetched.isRight)
      let refusal = await #expect(throws: RequestError.self) { try await Self.fetch(url) { _ in } }
      #expect(refusal?.message.contains("CERTIFICATE_VERIFY_FAILED") == true, "\(refusal?.message ?? "")")
      let absent = await #expect(throws: RequestError.self) {
        try await Self.fetch(url, authorities: "/nowhere/authorities.pem") { _ in }
      }
      #expect(absent?.httpStatus == 400)
    }
  }

  @Test func aFetchThatIsCutOffFails() async throws {
    let handler = SnapshotHandler(source: PatternSource(byteCount: 3_000_000, readableCount: 1_000_000))
    try await serve(handler) { port in
      let refusal = await #expect(throws: RequestError.self) {
        try await Self.fetch("http://127.0.0.1:\(port)\(Self.path)/s") { _ in }
      }
      #expect(refusal?.message.contains("after") == true, "\(refusal?.message ?? "")")
    }
  }

  /// Fetches on a thread that may wait.
  private static func fetch(
    _ url: String, authorities: String? = nil,
    _ receive: @escaping @Sendable ([UInt8]) throws(RequestError) -> Void
  ) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      DispatchQueue.global().async {
        continuation.resume(
          with: Result {
            try HTTPSnapshotFetcher(authorities: authorities).fetch(url, key: "k", receive: receive)
          })
      }
    }
  }
}

/// Answers downloads and uploads.
private final class SnapshotHandler: RequestHandler {
  private struct State {
    var source: PatternSource?
    var sink: PatternSink?
    var recoveries: [String] = []
  }

  private let state: Mutex<State>

  init(source: PatternSource? = nil, onRelease: @escaping @Sendable () -> Void = {}) {
    state = Mutex(State(source: source, sink: PatternSink(onRelease: onRelease)))
  }

  var sink: PatternSink { state.withLock { $0.sink } ?? PatternSink() }
  var recoveries: [String] { state.withLock { $0.recoveries } }
  func forgetSource() { state.withLock { $0.source = nil } }
  func forgetSink() { state.withLock { $0.sink = nil } }

  func handle(
    _ request: Request, completion: @escaping @Sendable (Result<Response, RequestError>) -> Void
  ) {
    completion(.failure(.notFound("nothing")))
  }

  func handle(
    snapshots request: SnapshotRequest,
    completion: @escaping @Sendable (Result<SnapshotResult, RequestError>) -> Void
  ) {
    let result = state.withLock { state -> SnapshotResult? in
      switch request {
      case .open: return state.source.map { .source($0) }
      case .beginUpload: return state.sink.map { .sink($0) }
      case .recover(let recovery, _):
        state.recoveries.append(recovery.collection)
        return .done
      default: return nil
      }
    }
    completion(result.map { .success($0) } ?? .failure(.notFound("no snapshot")))
  }
}

/// Bytes that follow a pattern, as many as are asked for.
private final class PatternSource: ByteSource {
  let name = "s"
  let byteCount: UInt64
  private let readableCount: UInt64
  private let furthest = Mutex<UInt64>(0)
  private let onRelease: @Sendable () -> Void

  /// - Parameter readableCount: reading fails behind so many.
  init(byteCount: UInt64, readableCount: UInt64 = .max, onRelease: @escaping @Sendable () -> Void = {}) {
    self.byteCount = byteCount
    self.readableCount = readableCount
    self.onRelease = onRelease
  }

  deinit { onRelease() }

  var readThrough: Int { Int(furthest.withLock { $0 }) }

  func read(at offset: UInt64, count: Int) throws(RequestError) -> [UInt8] {
    guard offset < readableCount else { throw .internalError("the disk is gone") }
    let end = min(byteCount, offset + UInt64(count))
    furthest.withLock { $0 = max($0, end) }
    return Array(Self.bytes(Int(offset)..<Int(end)).readableBytesView)
  }

  private static let period = [UInt8]((0..<251).map { UInt8($0) })
  private static let long = [UInt8](Array(repeating: period, count: 2000).joined())

  static func bytes(_ range: Range<Int>) -> ByteBuffer {
    var buffer = ByteBuffer()
    var next = range.lowerBound
    while next < range.upperBound {
      let start = next % 251
      let count = min(long.count - start, range.upperBound - next)
      buffer.writeBytes(long[start..<(start + count)])
      next += count
    }
    return buffer
  }

  static func matches(_ part: ByteBuffer, at offset: Int) -> Bool {
    part == bytes(offset..<(offset + part.readableBytes))
  }
}

/// Takes bytes and compares them with the pattern.
private final class PatternSink: ByteSink {
  private struct State {
    var byteCount = 0
    var isRight = true
    var waiting: [(Int, CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())
  private let gate = DispatchSemaphore(value: 1)
  private let onRelease: @Sendable () -> Void

  init(onRelease: @escaping @Sendable () -> Void = {}) { self.onRelease = onRelease }

  deinit { onRelease() }

  var byteCount: Int { state.withLock { $0.byteCount } }
  var isRight: Bool { state.withLock { $0.isRight } }
  /// Lets writes wait until `release`.
  func hold() { gate.wait() }
  func release() { gate.signal() }

  func write(_ bytes: [UInt8]) throws(RequestError) {
    gate.wait()
    defer { gate.signal() }
    let reached = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      if !PatternSource.matches(ByteBuffer(bytes: bytes), at: state.byteCount) { state.isRight = false }
      state.byteCount += bytes.count
      let reached = state.waiting.filter { $0.0 <= state.byteCount }.map(\.1)
      state.waiting.removeAll { $0.0 <= state.byteCount }
      return reached
    }
    for continuation in reached { continuation.resume() }
  }

  /// Returns once so many bytes have been written.
  func reaches(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.byteCount < count { state.waiting.append((count, continuation)) }
        return state.byteCount >= count
      }
      if isThere { continuation.resume() }
    }
  }
}

/// A connection that takes bytes only when it is told to.
private final class SlowPeer: Sendable {
  private let channel: any Channel
  private let parts: AsyncStream<ByteBuffer>

  private init(_ channel: any Channel, _ parts: AsyncStream<ByteBuffer>) {
    self.channel = channel
    self.parts = parts
  }

  static func connect(_ port: Int) async throws -> SlowPeer {
    let (parts, received) = AsyncStream.makeStream(of: ByteBuffer.self)
    let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .channelOption(.autoRead, value: false)
      .channelOption(.socketOption(.so_rcvbuf), value: 1 << 20)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ReceivedBytes(received))
        }
      }.connect(host: "127.0.0.1", port: port).get()
    return SlowPeer(channel, parts)
  }

  func send(_ text: String) async throws { try await send(ByteBuffer(string: text)) }
  func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes).get() }

  /// Takes some more bytes; nil when the connection has ended.
  func next() async -> ByteBuffer? {
    channel.read()
    for await part in parts { return part }
    return nil
  }

  func close() { channel.close(promise: nil) }
}
