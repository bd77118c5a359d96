import Synchronization
package import VectorModel

/// Producers for writes that may be sent again.
///
/// A server recognises only the last write of a producer, so each producer has one write under way at a time and
/// counts its own. A client has as many of them as it ever had writes at once.
final class WriteLanes: Sendable {
  private let idle = Mutex<[ProducerStamp]>([])

  /// A producer that nobody uses, with the sequence of its next write.
  func take() -> ProducerStamp {
    let lane = idle.withLock { $0.popLast() }
    if var lane {
      lane.sequence += 1
      return lane
    }
    return ProducerStamp(producer: .random(), sequence: 1)
  }

  /// The write is over, whatever its outcome: one that still arrives is older than the producer's next.
  func giveBack(_ stamp: ProducerStamp) {
    idle.withLock { $0.append(stamp) }
  }
}

extension UUID128 {
  /// A random UUID (RFC 9562, version 4).
  package static func random() -> UUID128 {
    UUID128(
      high: UInt64.random(in: 0...(.max)) & ~0xF000 | 0x4000,
      low: UInt64.random(in: 0...(.max)) >> 2 | 1 << 63)
  }
}
