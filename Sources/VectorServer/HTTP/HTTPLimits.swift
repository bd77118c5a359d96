package import NIOCore

/// Every bound of the HTTP front.
package struct HTTPLimits: Sendable {
  /// The largest request body.
  package var bodyBytesMax = 32 << 20
  /// All bodies that are held at once, over all connections.
  package var bodiesBytesMax = 512 << 20
  package var connectionsMax = 1024
  /// How long a connection may stay without a request.
  package var idleTimeout = TimeAmount.seconds(120)
  /// How long a request's line and headers may take from their first byte.
  package var headTimeout = TimeAmount.seconds(10)
  /// How long a body may take, or a response to be taken, and as much again for each MiB of it.
  package var bodyTimeout = TimeAmount.seconds(60)
  /// How long a refused upload is read and thrown away, so that the peer sees the answer before the close.
  package var lingerTimeout = TimeAmount.seconds(2)

  /// The longest rest of a refused request that is read over to keep the connection.
  package static let discardBytesMax = 64 << 10
  /// The longest body that is decoded on the event loop's own thread.
  package static let inlineDecodeBytesMax = 64 << 10
  /// What is read of a snapshot at once.
  package static let downloadPieceBytes = 256 << 10
  /// A request's target (path and query).
  package static let targetBytesMax = 8 << 10

  /// One header's name and value.
  package static let headFieldBytesMax = 16 << 10
  /// All headers of a request.
  package static let headBytesMax = 64 << 10
  package static let headFieldsMax = 128

  package init() {}

  /// The time that `byteCount` bytes of body may take.
  func bodyTimeout(byteCount: Int) -> TimeAmount {
    bodyTimeout * (1 + byteCount >> 20)
  }

  /// How often deadlines are looked at: a timeout is at most a quarter late.
  var tick: TimeAmount {
    .nanoseconds(max(1_000_000, min(idleTimeout, headTimeout, bodyTimeout, lingerTimeout).nanoseconds / 4))
  }
}
