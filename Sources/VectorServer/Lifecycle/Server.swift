package import Logging
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle

/// The whole server, from its settings to its end.
package enum Server {
  /// Where a server that has become ready is reached.
  package struct Addresses: Sendable {
    package var http: String
    package var binary: String
  }

  /// Serves until SIGTERM or SIGINT, then drains, closes the engine and returns.
  ///
  /// The ports are open, and not ready, while `open` reads the data.
  /// - Throws: an error naming what stood in the way of the start, or what failed at the end.
  package static func run(
    _ settings: ServerSettings, identity: ServerIdentity = ServerIdentity(), log: Logger,
    open: @escaping EngineOpener,
    onReady: @escaping @Sendable (Addresses) -> Void
  ) async throws {
    let descriptors = ProcessUsage.raiseDescriptorLimit()
    log.debug("open file descriptors: \(descriptors)")
    let tls = try makeTLS(settings)
    // Loops of its own for each front: what a stream of points keeps a loop busy with would delay the searches that share it.
    let group = MultiThreadedEventLoopGroup(numberOfThreads: settings.eventLoopThreads)
    let binaryGroup = MultiThreadedEventLoopGroup(numberOfThreads: settings.eventLoopThreads)
    let threads = NIOThreadPool(numberOfThreads: System.coreCount)
    threads.start()

    let result: Result<Void, any Error>
    do {
      let connections = ConnectionRegistry(connectionsMax: settings.limits.connectionsMax)
      let binaryConnections = ConnectionRegistry(
        connectionsMax: settings.limits.connectionsMax, name: "binary")
      let front = HTTPFront(
        identity: identity, keys: settings.keys, limits: settings.limits, readiness: Readiness(),
        decoders: threads, guardsLoopback: !settings.mayBeOpen && !settings.keys.areDemanded, log: log)
      let binaryFront = BinaryFront(
        keys: settings.keys, limits: BinaryLimits(settings.limits), readiness: front.readiness,
        bodies: front.bodies, decoders: threads, log: log)
      for source in [connections, binaryConnections, binaryFront.metrics] as [any MetricsSource] {
        front.addMetricsSource(source)
      }
      let listener = try await HTTPListener.bind(
        front: front, connections: connections, host: settings.host, port: settings.httpPort, group: group,
        tls: tls)
      let binaryListener = try await BinaryListener.bind(
        front: binaryFront, connections: binaryConnections, host: settings.host, port: settings.binaryPort,
        group: binaryGroup, tls: tls)
      let host = bracketed(settings.host)
      let addresses = Addresses(http: "\(host):\(listener.port)", binary: "\(host):\(binaryListener.port)")
      log.info(
        "listening",
        metadata: [
          "http": "\(addresses.http)", "binary": "\(addresses.binary)", "tls": "\(tls != nil)",
        ])
      let engine = EngineService(front: front, threads: threads, open: open) { onReady(addresses) }
      let http = HTTPService(listener: listener, front: front, shutdownTimeout: settings.shutdownTimeout)
      let binary = BinaryService(
        listener: binaryListener, front: binaryFront, shutdownTimeout: settings.shutdownTimeout)
      // Services are stopped from the last to the first: no request can meet a closed engine.
      var configuration = ServiceGroupConfiguration(
        services: [.init(service: engine), .init(service: http), .init(service: binary)], logger: log)
      configuration.gracefulShutdownSignals = [.sigterm, .sigint]
      try await ServiceGroup(configuration: configuration).run()
      result = .success(())
    } catch {
      result = .failure(error)
    }
    try? await threads.shutdownGracefully()
    try? await group.shutdownGracefully()
    try? await binaryGroup.shutdownGracefully()
    try result.get()
  }

  private static func makeTLS(_ settings: ServerSettings) throws -> NIOSSLContext? {
    guard let tls = settings.tls else { return nil }
    do {
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: try NIOSSLCertificate.fromPEMFile(tls.certificate).map { .certificate($0) },
        privateKey: .privateKey(try NIOSSLPrivateKey(file: tls.key, format: .pem)))
      configuration.minimumTLSVersion = .tlsv12
      configuration.applicationProtocols = ["http/1.1"]
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw SettingsError(
        "tls_certificate \"\(tls.certificate)\" and tls_key \"\(tls.key)\" cannot be used: \(error)")
    }
  }

  /// An IPv6 address in brackets, so that a port can follow it.
  private static func bracketed(_ host: String) -> String {
    host.contains(":") ? "[\(host)]" : host
  }
}
