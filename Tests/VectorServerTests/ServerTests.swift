import Logging
import NIOSSL
import ServiceLifecycleTestKit
import Synchronization
import Testing
import VectorModel

@testable import VectorServer

@Suite("The server from start to end", .timeLimit(.minutes(10)), .serialized)
struct ServerTests {
  private static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func settings(_ flags: [String: String] = [:]) throws -> ServerSettings {
    try ServerSettings(SettingValues(flags: flags.merging(["http_port": "0", "binary_port": "0"]) { $1 }))
  }

  private func port(_ addresses: Server.Addresses) throws -> Int {
    try #require(Int(addresses.http.split(separator: ":").last ?? ""))
  }

  /// Runs a server, calls `body` when it is ready, and stops it.
  private func run(
    _ settings: ServerSettings, _ engine: OpenedEngine, _ body: @escaping @Sendable (Int) async throws -> Void
  ) async throws {
    let (ready, isReady) = AsyncStream.makeStream(of: Server.Addresses.self)
    try await testGracefulShutdown { trigger in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await Server.run(settings, log: Self.log, open: { engine }, onReady: { isReady.yield($0) })
        }
        group.addTask {
          defer { trigger.triggerGracefulShutdown() }
          for await addresses in ready {
            try await body(self.port(addresses))
            break
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test func aStopDrainsBeforeTheEngineIsClosed() async throws {
    let order = Mutex<[String]>([])
    let handler = FakeHandler { _ in
      order.withLock { $0.append("request") }
      return .success(Response(.count(1)))
    }
    let engine = OpenedEngine(handler: handler) { () throws(RequestError) in
      order.withLock { $0.append("closed") }
    }
    try await run(settings(), engine) { port in
      let page = try await RawClient.connect(port)
      try await page.send(get("/readyz"))
      #expect(await page.read(until: "localhost only").hasPrefix("HTTP/1.1 403"), "another host's name")
      let client = try await RawClient.connect(port)
      try await client.send("GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n")
      #expect(await client.read(until: "ready").hasPrefix("HTTP/1.1 200"))
      try await client.send("GET /collections/c HTTP/1.1\r\nhost: localhost\r\n\r\n")
      #expect(await client.read(until: "usage").contains(#""count":1"#))
    }
    #expect(order.withLock { $0 } == ["request", "closed"])
  }

  @Test func anEngineThatDoesNotOpenEndsTheServer() async throws {
    await #expect {
      try await Server.run(
        self.settings(), log: Self.log,
        open: { () throws(RequestError) in throw .internalError("the log is damaged") }, onReady: { _ in })
    } throws: { error in
      (error as? RequestError)?.message.contains("the log is damaged") == true
    }
  }

  @Test func anEngineThatDoesNotCloseIsReported() async throws {
    let engine = OpenedEngine(handler: FakeHandler()) { () throws(RequestError) in
      throw .internalError("the disk is full")
    }
    await #expect {
      try await self.run(self.settings(), engine) { _ in }
    } throws: { error in
      (error as? RequestError)?.message.contains("the disk is full") == true
    }
  }

  @Test func tlsIsSpokenWhereACertificateIsGiven() async throws {
    let directory = try TemporaryDirectory()
    let flags = [
      "tls_certificate": try directory.write("chain.pem", TestCertificate.chainPEM),
      "tls_key": try directory.write("key.pem", TestCertificate.keyPEM), "api_key": "secret",
    ]
    let engine = OpenedEngine(handler: FakeHandler()) {}
    try await run(settings(flags), engine) { port in
      let client = try await RawClient.connect(port, tls: TestCertificate.clientContext())
      try await client.send(get("/collections/c", headers: "api-key: secret\r\n"))
      #expect(await client.read(until: "usage").contains(#""count":7"#))
      let plain = try await RawClient.connect(port)
      try await plain.send(get("/healthz"))
      #expect(await plain.readAll().contains("200 OK") == false)
    }
  }

  @Test func aCertificateThatCannotBeReadIsNamed() async throws {
    let settings = try settings(["tls_certificate": "/nonexistent.pem", "tls_key": "/nonexistent.key"])
    await #expect {
      try await Server.run(
        settings, log: Self.log, open: { OpenedEngine(handler: FakeHandler()) {} }, onReady: { _ in })
    } throws: { error in
      "\(error)".contains("/nonexistent.pem")
    }
  }

  @Test func aSettingsFileIsRead() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("n.yaml", "http_port: 1234\n")
    let file = try ProcessInputs.settingsFile(path)
    #expect(try ServerSettings(SettingValues(file: file)).httpPort == 1234)
    let wrong = try directory.write("wrong.yaml", "http_prt: 1234\n")
    #expect(throws: SettingsError("\(wrong) line 1: there is no setting `http_prt`")) {
      try ProcessInputs.settingsFile(wrong)
    }
  }
}

@Suite("What the process takes from the machine")
struct ProcessUsageTests {
  @Test func figuresAreThere() throws {
    let usage = ProcessUsage.current()
    #expect(usage.cpuSeconds > 0)
    #if os(Linux)
      #expect(try #require(usage.residentBytes) > 1 << 20)
      #expect(try #require(usage.openDescriptors) > 2)
    #endif
    #expect(ProcessUsage.raiseDescriptorLimit() >= usage.descriptorsMax)
  }
}
