import Dispatch
import NIOCore
import NIOPosix
import Synchronization
import Testing
import VectorModel

@testable import VectorClient
@testable import VectorServer

@Suite("The client against a binary front", .timeLimit(.minutes(10)))
struct VectorClientTests {
  private static let count = Request.count(collection: "c", CountRequest())

  private static func counted(_ number: Int) -> Result<Response, RequestError> {
    .success(Response(.count(number)))
  }

  private static func number(_ response: Response) -> Int? {
    if case .count(let number) = response.result { number } else { nil }
  }

  private func expect(_ number: Int, _ client: VectorClient, _ request: Request) async throws {
    let response = try await client.send(request)
    #expect(Self.number(response) == number)
  }

  private func expectWrite(_ operationID: UInt64, _ client: VectorClient) async throws {
    let result = try await client.write(.deleteIndex("a"), to: "c")
    #expect(result.operationID == operationID)
  }

  @Test func manyRequestsAtOnceGetTheirOwnAnswers() async throws {
    let held = Mutex<[(Int, TestServer.Completion)]>([])
    try await withServer { request, completion in
      guard case .scroll(_, let scroll) = request else { return }
      // Answers come in another order than requests.
      let ready = held.withLock { held -> [(Int, TestServer.Completion)] in
        held.append((scroll.limit, completion))
        defer { if held.count == 10 { held = [] } }
        return held.count == 10 ? held.reversed() : []
      }
      for (number, completion) in ready { completion(Self.counted(number)) }
    } _: { server, client in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 1...500 {
          group.addTask {
            var scroll = ScrollRequest()
            scroll.limit = number
            let response = try await client.send(.scroll(collection: "c", scroll))
            #expect(Self.number(response) == number)
          }
        }
        try await group.waitForAll()
      }
      #expect(server.connections.counts.accepted <= 2)
    }
  }

  @Test func requestsBeyondTheServersLimitWait() async throws {
    var limits = BinaryLimits()
    limits.requestsMax = 3
    let open = Mutex((now: 0, most: 0))
    try await withServer(limits: limits) { _, completion in
      open.withLock {
        $0.now += 1
        $0.most = max($0.most, $0.now)
      }
      DispatchQueue.global().async {
        open.withLock { $0.now -= 1 }
        completion(Self.counted(1))
      }
    } configure: {
      $0.connectionsMax = 1
    } _: { _, client in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<100 { group.addTask { _ = try await client.send(Self.count) } }
        try await group.waitForAll()
      }
      #expect(open.withLock { $0.most } <= 3)
    }
  }

  /// A server that takes no further connection is not asked for one with every request.
  @Test func aFullServerIsLeftAlone() async throws {
    var limits = BinaryLimits()
    limits.connectionsMax = 1
    try await withServer(limits: limits, answer: { $1(Self.counted(1)) }) { server, client in
      for _ in 0..<300 {
        async let one = client.send(Self.count)
        async let other = client.send(Self.count)
        _ = try await (one, other)
      }
      #expect(server.connections.counts.accepted == 1)
      #expect(server.connections.counts.refused < 40)
    }
  }

  @Test func theServersErrorIsThrown() async throws {
    let error = RequestError.notFound("Collection `c` doesn't exist!")
    try await withServer(answer: { $1(.failure(error)) }) { _, client in
      await #expect(throws: error) { try await client.send(Self.count) }
    }
  }

  @Test func aWrongKeyIsToldAtOnce() async throws {
    try await withServer(keys: AccessKeys(full: "right"), answer: { $1(Self.counted(1)) }) {
      $0.apiKey = "wrong"
    } _: { server, client in
      await #expect(throws: RequestError(.unauthorized, "Invalid API key")) {
        try await client.send(Self.count)
      }
      #expect(server.connections.counts.accepted == 1)
    }
  }

  @Test func readsAreSentAgainAfterALostConnection() async throws {
    let attempts = Mutex(0)
    let server = Mutex<TestServer?>(nil)
    try await withServer { _, completion in
      let attempt = attempts.withLock {
        $0 += 1
        return $0
      }
      if attempt < 3 { return server.withLock { $0 }?.breakConnections() ?? () }
      completion(Self.counted(attempt))
    } _: { running, client in
      server.withLock { $0 = running }
      try await expect(3, client, Self.count)
      server.withLock { $0 = nil }
    }
  }

  @Test func aWriteIsSentAgainOnlyWithAStamp() async throws {
    let stamps = Mutex<[ProducerStamp?]>([])
    let server = Mutex<TestServer?>(nil)
    try await withServer { request, completion in
      guard case .write(_, _, let parameters) = request else { return }
      let count = stamps.withLock {
        $0.append(parameters.producer)
        return $0.count
      }
      if count == 1 || count == 2 { return server.withLock { $0 }?.breakConnections() ?? () }
      completion(.success(Response(.update(UpdateResult(operationID: UInt64(count), status: .completed)))))
    } _: { running, client in
      server.withLock { $0 = running }
      await #expect(throws: RequestError.self) {
        try await client.send(.write(collection: "c", .deleteIndex("a"), UpdateParameters()))
      }
      #expect(stamps.withLock { $0 } == [nil])
      try await expectWrite(3, client)
      try await expectWrite(4, client)
      server.withLock { $0 = nil }
      let sent = stamps.withLock { $0 }.dropFirst().compactMap { $0 }
      #expect(sent.count == 3)
      #expect(sent[0] == sent[1])
      #expect(sent[2].producer == sent[0].producer)
      #expect(sent[2].sequence == sent[0].sequence + 1)
    }
  }

  @Test func pausesGrowToALimitAndAreAsLongAsTheServerAsks() throws {
    let client = try VectorClient(ClientConfiguration())
    let error = RequestError(.unavailable, "later")
    for retries in 0..<100 {
      let least = 20 << min(retries, 8)
      let pause = client.pause(behind: .lost(error), retries: retries)
      #expect(pause >= .milliseconds(Int64(least)) && pause <= .milliseconds(Int64(least + least / 4)))
    }
    #expect(
      client.pause(behind: .refused(error, retryMilliseconds: 1000), retries: 0) >= .milliseconds(1000))
    #expect(
      client.pause(behind: .notSent(error, retryMilliseconds: 1000), retries: 0) >= .milliseconds(1000))
  }

  /// The server takes nothing new when it says goodbye: what the client holds back goes to the next one, once.
  @Test func aGoodbyeSendsHeldRequestsElsewhere() async throws {
    let (arrivals, hasArrived) = AsyncStream.makeStream(of: TestServer.Completion.self)
    var limits = BinaryLimits()
    limits.requestsMax = 1
    let first = try await TestServer.start(limits: limits) { hasArrived.yield($1) }
    var configuration = ClientConfiguration(port: first.port)
    configuration.connectionsMax = 1
    configuration.connectMilliseconds = 60_000
    configuration.retriesMax = 100
    let client = try VectorClient(configuration)
    let unstamped = Request.write(collection: "c", .deleteIndex("a"), UpdateParameters())
    let done = Task { try await client.send(unstamped) }
    var completion: TestServer.Completion?
    for await arrived in arrivals {
      completion = arrived
      break
    }
    let held = Task { try await client.send(unstamped) }
    let connection = try await client.pool.connection()
    while connection.callsCount < 2 { await Task.yield() }
    async let hasStopped = first.listener.stop(timeout: .minutes(5))
    while connection.isOpen { await Task.yield() }
    completion?(Self.counted(1))
    #expect(Self.number(try await done.value) == 1)
    #expect(await hasStopped)
    let second = try await TestServer.start(port: first.port) { $1(Self.counted(2)) }
    #expect(Self.number(try await held.value) == 2)
    await client.shutdown()
    await second.stop()
  }

  @Test func aBusyServerIsAskedAgain() async throws {
    let attempts = Mutex(0)
    var limits = BinaryLimits()
    limits.requestsMax = 1
    try await withServer(limits: limits) { _, completion in
      let attempt = attempts.withLock {
        $0 += 1
        return $0
      }
      completion(attempt == 1 ? .failure(RequestError(.internalError, "no")) : Self.counted(attempt))
    } _: { _, client in
      await #expect(throws: RequestError(.internalError, "no")) { try await client.send(Self.count) }
      try await expect(2, client, Self.count)
    }
  }

  @Test func theDeadlineEndsARequestThatNobodyAnswers() async throws {
    try await withServer { request, completion in
      if case .listAliases = request { completion(Self.counted(5)) }
    } configure: {
      $0.connectionsMax = 1
    } _: { _, client in
      do throws(RequestError) {
        _ = try await client.send(Self.count, deadline: .now() + .milliseconds(20))
        Issue.record("answered")
      } catch {
        let code = error.code
        #expect(code == .timeout)
      }
      try await expect(5, client, .listAliases)
    }
  }

  @Test func aCancelledTaskWaitsNoLonger() async throws {
    let (arrivals, hasArrived) = AsyncStream.makeStream(of: Void.self)
    try await withServer(answer: { _, _ in hasArrived.yield() }) { _, client in
      let task = Task { try await client.send(Self.count) }
      for await _ in arrivals { break }
      task.cancel()
      await #expect(throws: RequestError.self) { try await task.value }
    }
  }

  @Test func aTaskThatIsCancelledAlreadyAsksNothing() async throws {
    let requestsCount = Mutex(0)
    try await withServer(answer: { _, _ in requestsCount.withLock { $0 += 1 } }) { _, client in
      // Some are cancelled amid the way to the socket.
      for turns in 0..<200 {
        let task = Task {
          if turns == 0 { while !Task.isCancelled { await Task.yield() } }
          return try await client.send(Self.count)
        }
        for _ in 0..<(turns / 4) { await Task.yield() }
        task.cancel()
        await #expect(throws: RequestError.timeout("the request was cancelled")) { try await task.value }
        if turns == 0 { #expect(requestsCount.withLock { $0 } == 0) }
      }
    }
  }

  /// A server that takes connections and says nothing is waited for as long as the caller wants, not as long as
  /// an attempt to connect may take.
  @Test func theDeadlineAndCancellationEndTheWaitForAConnection() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let server = try await TestServer.start(group: group) { $1(Self.counted(1)) }
    let gate = DispatchSemaphore(value: 0)
    group.next().execute { gate.wait() }
    var configuration = ClientConfiguration(port: server.port)
    configuration.connectMilliseconds = 600_000
    let client = try VectorClient(configuration)
    let late = await #expect(throws: RequestError.self) {
      try await client.send(Self.count, deadline: .now() + .milliseconds(20))
    }
    #expect(late?.code == .timeout)
    let task = Task { try await client.send(Self.count) }
    task.cancel()
    let cancelled = await #expect(throws: RequestError.self) { try await task.value }
    #expect(cancelled?.code == .timeout)
    gate.signal()
    try await expect(1, client, Self.count)
    await client.shutdown()
    await server.stop()
    try await group.shutdownGracefully()
  }

  @Test func aServerThatIsAwayIsAnErrorWithItsAddress() async throws {
    let server = try await TestServer.start { $1(Self.counted(1)) }
    let port = server.port
    await server.stop()
    var configuration = ClientConfiguration(port: port)
    configuration.retryPauseMilliseconds = 1
    configuration.retriesMax = 1
    let client = try VectorClient(configuration)
    do throws(RequestError) {
      _ = try await client.send(Self.count)
      Issue.record("answered")
    } catch {
      #expect(error.code == .unavailable)
      #expect(error.message.contains("127.0.0.1:\(port)"))
    }
    await client.shutdown()
  }

  @Test func aRestartedServerIsFoundAgain() async throws {
    let server = try await TestServer.start { $1(Self.counted(1)) }
    var configuration = ClientConfiguration(port: server.port)
    configuration.retryPauseMilliseconds = 1
    configuration.retriesMax = 10
    configuration.connectMilliseconds = 60_000
    let client = try VectorClient(configuration)
    try await expect(1, client, Self.count)
    let port = server.port
    await server.stop()
    let second = try await TestServer.start(port: port) { $1(Self.counted(2)) }
    try await expect(2, client, Self.count)
    await client.shutdown()
    await second.stop()
  }
}
