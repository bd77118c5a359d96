import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A connection that sends and reads bytes as they are, and waits for what it expects.
final class RawClient: Sendable {
  private let channel: any Channel
  private let parts: AsyncStream<ByteBuffer>
  private let text = Mutex("")

  private init(_ channel: any Channel, _ parts: AsyncStream<ByteBuffer>) {
    self.channel = channel
    self.parts = parts
  }

  static func connect(_ port: Int, tls: NIOSSLContext? = nil) async throws -> RawClient {
    let (parts, received) = AsyncStream.makeStream(of: ByteBuffer.self)
    let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls {
            try channel.pipeline.syncOperations.addHandler(
              NIOSSLClientHandler(context: tls, serverHostname: nil))
          }
          try channel.pipeline.syncOperations.addHandler(ReceivedBytes(received))
        }
      }.connect(host: "127.0.0.1", port: port).get()
    return RawClient(channel, parts)
  }

  func send(_ text: String) async throws {
    try await channel.writeAndFlush(ByteBuffer(string: text)).get()
  }

  /// Sends without waiting, for bytes that nobody may take.
  func push(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }

  /// Reads until `count` places of `mark` have come, and returns everything so far.
  func read(until mark: String, count: Int = 1) async -> String {
    for await var part in parts {
      let text = text.withLock { text -> String in
        text += part.readString(length: part.readableBytes) ?? ""
        return text
      }
      if text.split(separator: mark, omittingEmptySubsequences: false).count > count { return text }
    }
    return text.withLock { $0 }
  }

  /// Reads until the peer closes, and returns everything.
  func readAll() async -> String { await read(until: "\u{0}never\u{0}") }

  func closeOutput() async throws { try await channel.close(mode: .output).get() }

  func close() { channel.close(promise: nil) }
}
