package import NIOCore
import Synchronization

/// The open connections: counts them against the limit, and lets the end of all be awaited.
package final class ConnectionRegistry: Sendable {
  package enum Admission: Equatable, Sendable {
    case accepted
    /// Over the limit, but there is room to say so.
    case refused
    case dropped
  }

  private struct State: Sendable {
    var channels: [ObjectIdentifier: any Channel] = [:]
    var accepted: UInt64 = 0
    var refused: UInt64 = 0
    var isDraining = false
    var waiting: [EventLoopPromise<Void>] = []
  }

  /// How many connections beyond the limit may be open to be told so.
  package static let refusedMax = 64

  private let state = Mutex(State())
  package let connectionsMax: Int
  /// The front's name, for the metrics.
  private let name: String

  package init(connectionsMax: Int, name: String = "http") {
    self.connectionsMax = connectionsMax
    self.name = name
  }

  /// Connections open now, accepted ever and refused ever.
  package var counts: (open: Int, accepted: UInt64, refused: UInt64) {
    state.withLock { ($0.channels.count, $0.accepted, $0.refused) }
  }

  /// Enters a connection, which leaves by itself when it closes.
  package func add(_ channel: any Channel) -> Admission {
    let admission = state.withLock { state -> Admission in
      let count = state.channels.count
      if state.isDraining || count >= connectionsMax + Self.refusedMax {
        state.refused += 1
        return .dropped
      }
      state.channels[ObjectIdentifier(channel)] = channel
      if count >= connectionsMax {
        state.refused += 1
        return .refused
      }
      state.accepted += 1
      return .accepted
    }
    if admission != .dropped {
      channel.closeFuture.whenComplete { _ in self.remove(channel) }
    }
    return admission
  }

  /// Lets each connection finish what it is at, and no more; `promise` succeeds when all are gone.
  package func drain(_ promise: EventLoopPromise<Void>) {
    let channels = state.withLock { state -> [any Channel] in
      let isFirst = !state.isDraining
      state.isDraining = true
      state.waiting.append(promise)
      return isFirst ? Array(state.channels.values) : []
    }
    for channel in channels { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    notifyIfEmpty()
  }

  /// Closes whatever is still open.
  package func closeAll() {
    for channel in state.withLock({ Array($0.channels.values) }) { channel.close(promise: nil) }
  }

  private func remove(_ channel: any Channel) {
    state.withLock { _ = $0.channels.removeValue(forKey: ObjectIdentifier(channel)) }
    notifyIfEmpty()
  }

  private func notifyIfEmpty() {
    let waiting = state.withLock { state -> [EventLoopPromise<Void>] in
      guard state.isDraining, state.channels.isEmpty else { return [] }
      defer { state.waiting = [] }
      return state.waiting
    }
    for promise in waiting { promise.succeed() }
  }
}

extension ConnectionRegistry: MetricsSource {
  package func metrics() -> [MetricFamily] {
    let counts = counts
    return [
      MetricFamily(
        name: "\(name)_connections", help: "open connections", kind: .gauge, value: Double(counts.open)),
      MetricFamily(
        name: "\(name)_connections_accepted_total", help: "connections accepted", kind: .counter,
        value: Double(counts.accepted)),
      MetricFamily(
        name: "\(name)_connections_refused_total", help: "connections over the limit", kind: .counter,
        value: Double(counts.refused)),
    ]
  }
}
