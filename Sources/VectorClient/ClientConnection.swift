import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import VectorModel

/// One connection to the server, welcomed and ready for calls from any thread.
final class ClientConnection: Sendable {
  let welcome: Welcome
  private let channel: any Channel
  private let handler: NIOLoopBound<ClientConnectionHandler>
  private let nextID = Atomic<UInt32>(2)
  private let calls = Atomic<Int>(0)
  private let openness: Openness

  /// Whether new calls may be made.
  private final class Openness: Sendable {
    let isOpen = Atomic<Bool>(true)
  }

  private init(
    _ channel: any Channel, _ handler: NIOLoopBound<ClientConnectionHandler>, _ welcome: Welcome,
    _ openness: Openness
  ) {
    self.channel = channel
    self.handler = handler
    self.welcome = welcome
    self.openness = openness
  }

  var isOpen: Bool { openness.isOpen.load(ordering: .relaxed) }

  /// How many calls await their answers.
  var callsCount: Int { calls.load(ordering: .relaxed) }

  /// Connects, shows the key and waits for the welcome.
  static func open(
    _ configuration: ClientConfiguration, group: any EventLoopGroup, tls: NIOSSLContext?
  ) async throws(CallFailure) -> ClientConnection {
    let openness = Openness()
    let timeout = TimeAmount.milliseconds(Int64(configuration.connectMilliseconds))
    let eventLoop = group.next()
    let promise = eventLoop.makePromise(of: Welcome.self)
    let bootstrap = ClientBootstrap(group: eventLoop)
      .connectTimeout(timeout)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if let tls {
            let name = configuration.tls?.serverName ?? configuration.host
            let isAddress = (try? SocketAddress(ipAddress: name, port: 0)) != nil
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : name))
          }
          try pipeline.addHandler(
            ClientConnectionHandler(
              configuration, welcome: promise,
              onLeave: { openness.isOpen.store(false, ordering: .relaxed) }))
        }
      }
    do {
      let channel: any Channel
      do {
        channel = try await bootstrap.connect(host: configuration.host, port: configuration.port).get()
      } catch {
        promise.fail(error)
        throw error
      }
      let alarm = channel.eventLoop.scheduleTask(in: timeout) {
        promise.fail(
          CallFailure.notSent(.timeout("no welcome within \(configuration.connectMilliseconds) ms")))
        channel.close(promise: nil)
      }
      defer { alarm.cancel() }
      let welcome = try await promise.futureResult.get()
      let handler = try await channel.eventLoop.submit {
        NIOLoopBound(
          try channel.pipeline.syncOperations.handler(type: ClientConnectionHandler.self),
          eventLoop: channel.eventLoop)
      }.get()
      return ClientConnection(channel, handler, welcome, openness)
    } catch CallFailure.notSent(let error, let retryMilliseconds) {
      throw error.isTransient || error.code == .timeout
        ? .notSent(error, retryMilliseconds: retryMilliseconds) : .refused(error, retryMilliseconds: 0)
    } catch {
      throw .notSent(
        RequestError(
          .unavailable,
          "Service unavailable: cannot connect to \(configuration.host):\(configuration.port): \(error)"))
    }
  }

  /// Sends one request, whose body `write` writes, and returns its answer.
  func call(
    _ opcode: Opcode, deadline: NIODeadline, _ write: (inout ByteWriter) -> Void
  ) async throws(CallFailure) -> ClientFrame {
    let id = takeID()
    var writer = FrameWriter(opcode, requestID: id)
    write(&writer.body)
    let frame = try finish(writer)
    let (handler, eventLoop) = (handler, channel.eventLoop)
    let cancel: @Sendable () -> Void = {
      eventLoop.execute { handler.value.abandon(id, .cancelled) }
    }
    calls.wrappingAdd(1, ordering: .relaxed)
    defer { calls.wrappingSubtract(1, ordering: .relaxed) }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation {
        (continuation: CheckedContinuation<Result<ClientFrame, CallFailure>, Never>) in
        eventLoop.execute {
          handler.value.call(id, frame, deadline: deadline) { continuation.resume(returning: $0) }
        }
        // What was cancelled before found no call to abandon.
        if Task.isCancelled { cancel() }
      }
    } onCancel: {
      cancel()
    }
    return try result.get()
  }

  /// Opens a stream; its frames come in order until the last one, an error or a failure.
  func openStream(_ opening: StreamOpening) -> (
    id: UInt32, frames: AsyncStream<Result<ClientFrame, CallFailure>>
  ) {
    let id = takeID()
    var writer = FrameWriter(.openStream, requestID: id)
    opening.write(to: &writer.body)
    let frame = writer.finish(.crc32c)
    let (frames, delivery) = AsyncStream.makeStream(of: Result<ClientFrame, CallFailure>.self)
    let handler = handler
    channel.eventLoop.execute {
      handler.value.open(id, frame) { result in
        delivery.yield(result)
        switch result {
        case .success(let frame)
        where frame.opcode == Opcode.acknowledgement.rawValue || frame.opcode == Opcode.streamOpened.rawValue:
          break
        case .success, .failure: delivery.finish()
        }
      }
    }
    return (id, frames)
  }

  /// Sends a whole frame of a stream.
  func send(_ id: UInt32, _ frame: [UInt8]) {
    let handler = handler
    channel.eventLoop.execute { handler.value.send(id, frame) }
  }

  func close() async {
    openness.isOpen.store(false, ordering: .relaxed)
    try? await channel.close().get()
  }

  /// 0 is the connection's own id, 1 the hello's.
  private func takeID() -> UInt32 {
    while true {
      let id = nextID.wrappingAdd(1, ordering: .relaxed).oldValue
      if id > 1 { return id }
    }
  }

  private func finish(_ writer: consuming FrameWriter) throws(CallFailure) -> [UInt8] {
    let byteCount = writer.bodyBytes + FrameHeader.byteCount
    guard byteCount <= Int(welcome.frameBytesMax) else {
      throw .refused(
        RequestError(
          .payloadTooLarge,
          "Bad request: a frame of \(byteCount) bytes, the server takes \(welcome.frameBytesMax)"),
        retryMilliseconds: 0)
    }
    return writer.finish(.crc32c)
  }
}
