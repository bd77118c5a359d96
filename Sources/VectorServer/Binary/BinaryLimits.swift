package import NIOCore
import VectorModel

/// Every bound of the binary front.
package struct BinaryLimits: Sendable {
  /// The largest frame, its header included.
  package var frameBytesMax = 32 << 20
  package var connectionsMax = 1024
  /// How many requests of one connection may await their answers.
  package var requestsMax = 256
  /// How many bytes the requests of one connection may have together, from their headers to their answers.
  package var requestBytesMax = 64 << 20
  package var streamsMax = 8
  /// The largest window of a stream.
  package var windowBytesMax = 16 << 20
  /// How long a connection may take from its opening to its hello.
  package var helloTimeout = TimeAmount.seconds(10)
  /// How long a connection may be silent while nothing of it is in progress.
  package var idleTimeout = TimeAmount.seconds(120)
  /// How long a frame may take from its first byte, or the peer to take what is written, and as much again for
  /// each MiB of it.
  package var frameTimeout = TimeAmount.seconds(60)
  /// How long input is thrown away behind a refusal, so that the peer sees it before the close.
  package var lingerTimeout = TimeAmount.seconds(2)

  /// Small windows would make each chunk wait for the one before.
  package static let windowBytesMin = 64 << 10
  /// The largest body of a frame that is about the connection or a stream.
  package static let controlBytesMax = 4096
  package static let pingBytesMax = 64
  /// Frames above it count against the bytes that all connections may hold together, and are decoded on a thread
  /// of their own.
  package static let inlineBytesMax = 64 << 10
  /// Written bytes that the socket has not taken, above which nothing more is read.
  package static let unsentBytesMax = 1 << 20

  package init() {}

  /// The bounds that both fronts share, and what follows from them.
  package init(_ http: HTTPLimits) {
    frameBytesMax = http.bodyBytesMax
    connectionsMax = http.connectionsMax
    requestBytesMax = 2 * http.bodyBytesMax
    windowBytesMax = max(Self.windowBytesMin, http.bodyBytesMax / 2)
    helloTimeout = http.headTimeout
    idleTimeout = http.idleTimeout
    frameTimeout = http.bodyTimeout
    lingerTimeout = http.lingerTimeout
  }

  /// The time that `byteCount` bytes may take.
  func frameTimeout(byteCount: Int) -> TimeAmount {
    frameTimeout * (1 + byteCount >> 20)
  }

  func welcome(isReadOnly: Bool) -> Welcome {
    Welcome(
      server: "\(ServerIdentity.name) \(ServerIdentity.version)", isReadOnly: isReadOnly,
      frameBytesMax: UInt32(clamping: frameBytesMax), requestsMax: UInt32(clamping: requestsMax),
      requestBytesMax: UInt64(requestBytesMax), streamsMax: UInt32(clamping: streamsMax),
      windowBytesMax: UInt32(clamping: windowBytesMax),
      idleMilliseconds: UInt32(clamping: idleTimeout.nanoseconds / 1_000_000))
  }
}
