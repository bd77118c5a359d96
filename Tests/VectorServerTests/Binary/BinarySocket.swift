import NIOCore
import NIOPosix
import NIOSSL
import VectorModel

@testable import VectorServer

/// A connection that sends bytes as they are and reads whole frames.
final class BinarySocket {
  private let channel: any Channel
  private var parts: AsyncStream<ByteBuffer>.AsyncIterator
  private var bytes: [UInt8] = []

  private init(_ channel: any Channel, _ parts: AsyncStream<ByteBuffer>) {
    self.channel = channel
    self.parts = parts.makeAsyncIterator()
  }

  /// Connects and reads the server's preface and welcome, unless `opening` says something else.
  static func connect(
    _ port: Int, tls: NIOSSLContext? = nil, opening: [UInt8] = Wire.opening()
  ) async throws -> BinarySocket {
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
    let socket = BinarySocket(channel, parts)
    socket.send(opening)
    return socket
  }

  func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

  func closeOutput() async throws { try await channel.close(mode: .output).get() }

  func close() { channel.close(promise: nil) }

  /// Reads the preface and `count` answers; fewer where the server closes before.
  func open(_ count: Int = 1) async throws -> [Wire.Answer] {
    while bytes.count < Preface.byteCount, let part = await parts.next() {
      bytes += Array(part.readableBytesView)
    }
    bytes.removeFirst(min(Preface.byteCount, bytes.count))
    return try await read(count)
  }

  /// Reads `count` answers; fewer where the server closes before.
  func read(_ count: Int) async throws -> [Wire.Answer] {
    while true {
      let whole = Self.wholeFrames(bytes, atMost: count)
      guard whole.count < count, let part = await parts.next() else {
        defer { bytes.removeFirst(whole.bytes) }
        return try Wire.answers(Array(bytes[..<whole.bytes]), hasPreface: false)
      }
      bytes += Array(part.readableBytesView)
    }
  }

  /// How many whole frames stand at the start, and how long they are.
  private static func wholeFrames(
    _ bytes: [UInt8], atMost countMax: Int
  ) -> (count: Int, bytes: Int) {
    var offset = 0
    var count = 0
    while count < countMax, bytes.count - offset >= FrameHeader.byteCount {
      let length = (0..<4).reduce(0) { $0 | Int(bytes[offset + 4 + $1]) << (8 * $1) }
      guard bytes.count - offset >= FrameHeader.byteCount + length else { break }
      offset += FrameHeader.byteCount + length
      count += 1
    }
    return (count, offset)
  }
}
