/// Producers for writes that may be sent again.
///
/// A server recognises only the last write of a producer, so each producer has one write under way at a time and
/// counts its own. There are as many of them as there ever were writes at once.
package struct WriteLanes: Sendable {
  private var idle: [ProducerStamp] = []

  package init() {}

  /// A producer that nobody uses, with the sequence of its next write.
  package mutating func take() -> ProducerStamp {
    guard var lane = idle.popLast() else { return ProducerStamp(producer: .random(), sequence: 1) }
    lane.sequence += 1
    return lane
  }

  /// The write is over, whatever its outcome: one that still arrives is older than the producer's next.
  package mutating func giveBack(_ stamp: ProducerStamp) { idle.append(stamp) }
}
