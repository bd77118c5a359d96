import Dispatch
import NIOCore
import NIOPosix
import Synchronization
import Testing
import VectorModel

@testable import VectorClient
@testable import VectorServer

/// A collection that recognises repeats as the engine does, and writes down what it applied.
private final class Ledger: Sendable {
  struct State {
    var applied: [UInt64] = []
    var last: [UUID128: (sequence: UInt64, operationID: UInt64)] = [:]
    var received = 0
  }

  let state = Mutex(State())

  /// Applies a write or recognises it; the number of its operation.
  func apply(_ request: Request) -> Result<Response, RequestError> {
    guard case .write(_, .delete(.ids(let ids)), let parameters) = request, case .number(let id)? = ids.first,
      let stamp = parameters.producer
    else { return .failure(.badRequest("not a stamped deletion")) }
    return state.withLock { state in
      state.received += 1
      if let last = state.last[stamp.producer], stamp.sequence <= last.sequence {
        return .success(Response(.update(UpdateResult(operationID: last.operationID, status: .completed))))
      }
      state.applied.append(id)
      let operationID = UInt64(state.applied.count)
      state.last[stamp.producer] = (stamp.sequence, operationID)
      return .success(Response(.update(UpdateResult(operationID: operationID, status: .completed))))
    }
  }
}

@Suite("A stream of writes", .timeLimit(.minutes(10)))
struct IngestStreamTests {
  private static func deletion(_ id: UInt64, padding: Int = 0) -> WriteOperation {
    .delete(.ids([.number(id)] + (0..<padding).map { .number(UInt64($0)) }))
  }

  @Test func everyWriteIsAppliedInOrder() async throws {
    let ledger = Ledger()
    try await withServer(answer: { $1(ledger.apply($0)) }) { _, client in
      let stream = client.ingest(into: "c", windowBytes: 1 << 16)
      for id in UInt64(0)..<2000 { #expect(try await stream.send(Self.deletion(id)) == id + 1) }
      #expect(try await stream.flush() == 2000)
      #expect(ledger.state.withLock { $0.applied } == Array(0..<2000))
      try await stream.close()
    }
  }

  /// Connections break before some writes are applied and behind others, more than a window apart.
  @Test(arguments: 0..<4)
  func lostConnectionsLoseAndRepeatNothing(offset: Int) async throws {
    let ledger = Ledger()
    let server = Mutex<TestServer?>(nil)
    let received = Mutex(offset * 17)
    try await withServer { request, completion in
      let number = received.withLock {
        $0 += 1
        return $0
      }
      if number % 67 == 0 { server.withLock { $0 }?.breakConnections() }
      let result = ledger.apply(request)
      if number % 101 == 0 { server.withLock { $0 }?.breakConnections() }
      completion(result)
    } configure: {
      $0.streamRetriesMax = 50
    } _: { running, client in
      server.withLock { $0 = running }
      let stream = client.ingest(into: "c", windowBytes: 1 << 16)
      for id in UInt64(0)..<400 { try await stream.send(Self.deletion(id, padding: Int(id % 50) * 10)) }
      #expect(try await stream.flush() == 400)
      server.withLock { $0 = nil }
      #expect(ledger.state.withLock { $0.applied } == Array(0..<400))
      #expect(ledger.state.withLock { $0.received } > 400, "no write was ever sent twice")
      try await stream.close()
    }
  }

  @Test func aRefusedWriteEndsTheStreamAndNothingBehindItIsApplied() async throws {
    let ledger = Ledger()
    try await withServer { request, completion in
      if case .write(_, .deleteIndex, _) = request { return completion(.failure(.wrongInput("no"))) }
      completion(ledger.apply(request))
    } _: { _, client in
      let stream = client.ingest(into: "c", windowBytes: 1 << 16)
      try await stream.send(Self.deletion(1))
      try await stream.send(.deleteIndex("a"))
      do {
        for id in UInt64(2)..<100_000 { try await stream.send(Self.deletion(id)) }
        try await stream.flush()
        Issue.record("flushed")
      } catch let error as RequestError {
        #expect(error.message.hasPrefix("chunk 2: "))
      }
      #expect(ledger.state.withLock { $0.applied } == [1])
      #expect(await stream.acknowledgedSequence == 1)
    }
  }

  @Test func aBusyServerIsWaitedFor() async throws {
    let ledger = Ledger()
    let attempts = Mutex(0)
    try await withServer { request, completion in
      let attempt = attempts.withLock {
        $0 += 1
        return $0
      }
      if attempt == 3 { return completion(.failure(RequestError(.tooManyRequests, "later"))) }
      completion(ledger.apply(request))
    } _: { _, client in
      let stream = client.ingest(into: "c")
      for id in UInt64(0)..<20 { try await stream.send(Self.deletion(id)) }
      try await stream.flush()
      #expect(ledger.state.withLock { $0.applied } == Array(0..<20))
    }
  }

  /// A server that does not come back with acknowledgements stops the producer at the window.
  @Test func backPressureReachesTheProducer() async throws {
    let (held, hold) = AsyncStream.makeStream(of: (Request, TestServer.Completion).self)
    let ledger = Ledger()
    try await withServer(answer: { hold.yield(($0, $1)) }) { _, client in
      let stream = client.ingest(into: "c", windowBytes: 1 << 16)
      let sent = Mutex(0)
      let producer = Task {
        for id in UInt64(0)..<100 {
          try await stream.send(Self.deletion(id, padding: 1000))
          sent.withLock { $0 += 1 }
        }
        try await stream.flush()
      }
      var released = 0
      for await (request, completion) in held {
        #expect(sent.withLock { $0 } <= released + 9, "more than a window of 65,536 bytes is under way")
        released += 1
        completion(ledger.apply(request))
        if released == 100 { break }
      }
      try await producer.value
      #expect(ledger.state.withLock { $0.applied } == Array(0..<100))
    }
  }

  @Test func aClientThatIsShutDownIsNotTriedAgain() async throws {
    let ledger = Ledger()
    try await withServer { request, completion in
      completion(ledger.apply(request))
    } configure: {
      $0.retryPauseMilliseconds = 3_600_000
    } _: { _, client in
      let stream = client.ingest(into: "c")
      await client.shutdown()
      try await stream.send(Self.deletion(0))
      let error = await #expect(throws: RequestError.self) { try await stream.flush() }
      #expect(error?.message.contains("shut down") == true)
    }
  }

  /// A caller waits behind a full window; the server that comes back grants less than its write has.
  @Test func aWriteThatTheWindowHoldsNoMoreIsRefused() async throws {
    let ledger = Ledger()
    let (arrivals, hasArrived) = AsyncStream.makeStream(of: Void.self)
    let first = try await TestServer.start { _, _ in hasArrived.yield() }
    var configuration = ClientConfiguration(port: first.port)
    configuration.retryPauseMilliseconds = 1
    configuration.streamRetriesMax = 50
    let client = try VectorClient(configuration)
    let stream = client.ingest(into: "c", windowBytes: 1 << 17)
    try await stream.send(Self.deletion(0, padding: 6000))
    for await _ in arrivals { break }
    let large = Task { try await stream.send(Self.deletion(1, padding: 12_000)) }
    while await stream.waiting.isEmpty { await Task.yield() }
    await first.stop()
    var limits = BinaryLimits()
    limits.windowBytesMax = 1 << 16
    let second = try await TestServer.start(port: first.port, limits: limits) { $1(ledger.apply($0)) }
    await #expect {
      try await large.value
    } throws: { ($0 as? RequestError)?.code == .payloadTooLarge }
    try await stream.send(Self.deletion(2))
    try await stream.close()
    #expect(ledger.state.withLock { $0.applied } == [0, 2])
    await client.shutdown()
    await second.stop()
  }

  /// Everything is acknowledged when the connection is lost, and the stream is closed while it is being resumed.
  @Test func aStreamIsClosedWhileItIsResumed() async throws {
    let ledger = Ledger()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let server = try await TestServer.start(group: group) { $1(ledger.apply($0)) }
    var configuration = ClientConfiguration(port: server.port)
    configuration.retryPauseMilliseconds = 1
    configuration.connectMilliseconds = 60_000
    let client = try VectorClient(configuration)
    let stream = client.ingest(into: "c")
    try await stream.send(Self.deletion(0))
    try await stream.flush()
    // The server breaks off and is then silent: the system takes the new connection, and no welcome comes.
    server.breakConnections()
    let gate = DispatchSemaphore(value: 0)
    group.next().execute { gate.wait() }
    while client.pool.openingCount == 0 { await Task.yield() }
    let closing = Task { try await stream.close() }
    while (try? await stream.flush()) != nil { await Task.yield() }
    gate.signal()
    try await closing.value
    #expect(ledger.state.withLock { $0.applied } == [0])
    await client.shutdown()
    await server.stop()
    try await group.shutdownGracefully()
  }

  @Test func aWriteThatNoWindowHoldsIsRefused() async throws {
    try await withServer(answer: { $1(.success(Response(.count(1)))) }) { _, client in
      let stream = client.ingest(into: "c", windowBytes: 1 << 16)
      await #expect(throws: RequestError.self) { try await stream.send(Self.deletion(0, padding: 10_000)) }
    }
  }
}
