import NIOCore
import NIOSSL
import Synchronization
import VectorModel

/// The open connections of a client, opened when they are needed.
final class ConnectionPool: Sendable {
  private struct State: Sendable {
    var connections: [ClientConnection] = []
    /// The attempts in progress; callers without a connection wait for the first.
    var opening: [Int: Task<ClientConnection, any Error>] = [:]
    var openingsCount = 0
    /// Until then no connection is opened beside one that works: the last attempt failed.
    var lonelyUntil = NIODeadline.distantPast
    var isShutDown = false
  }

  private let state = Mutex(State())
  private let configuration: ClientConfiguration
  private let group: any EventLoopGroup
  private let tls: NIOSSLContext?

  init(_ configuration: ClientConfiguration, group: any EventLoopGroup, tls: NIOSSLContext?) {
    self.configuration = configuration
    self.group = group
    self.tls = tls
  }

  /// How many attempts to connect are in progress.
  var openingCount: Int { state.withLock { $0.opening.count } }

  private enum Choice {
    case use(ClientConnection)
    case wait(Task<ClientConnection, any Error>)
    case shutDown
  }

  /// The connection with the fewest calls; opens another one behind it where all are busy and there may be more.
  /// - Parameter deadline: when to wait no longer for one that is being opened.
  func connection(until deadline: NIODeadline? = nil) async throws(CallFailure) -> ClientConnection {
    let choice = state.withLock { state -> Choice in
      if state.isShutDown { return .shutDown }
      state.connections.removeAll { !$0.isOpen }
      let best = state.connections.min { $0.callsCount < $1.callsCount }
      if let best, best.callsCount == 0 { return .use(best) }
      if state.connections.count + state.opening.count < configuration.connectionsMax,
        best == nil || (state.opening.isEmpty && .now() >= state.lonelyUntil)
      {
        let task = open(&state)
        return best.map { .use($0) } ?? .wait(task)
      }
      if let best { return .use(best) }
      return state.opening.values.first.map { .wait($0) } ?? .shutDown
    }
    switch choice {
    case .use(let connection): return connection
    case .shutDown:
      throw .ended(RequestError(.unavailable, "Service unavailable: the client is shut down"))
    case .wait(let task): return try await outcome(of: task, until: deadline)
    }
  }

  /// Waits for an attempt that others may share: it goes on when this caller is cancelled or its time is over.
  private func outcome(
    of opening: Task<ClientConnection, any Error>, until deadline: NIODeadline?
  ) async throws(CallFailure) -> ClientConnection {
    let promise = group.next().makePromise(of: ClientConnection.self)
    promise.completeWithTask { try await opening.value }
    let alarm = deadline.map { deadline in
      promise.futureResult.eventLoop.scheduleTask(deadline: deadline) {
        promise.fail(CallFailure.notSent(.timeout("the deadline passed before there was a connection")))
      }
    }
    defer { alarm?.cancel() }
    do {
      return try await withTaskCancellationHandler {
        try await promise.futureResult.get()
      } onCancel: {
        promise.fail(CallFailure.notSent(.cancelled))
      }
    } catch let failure as CallFailure {
      throw failure
    } catch {
      throw .notSent(RequestError(.unavailable, "Service unavailable: \(error)"))
    }
  }

  private func open(_ state: inout State) -> Task<ClientConnection, any Error> {
    state.openingsCount += 1
    let number = state.openingsCount
    let task = Task {
      do {
        let connection = try await ClientConnection.open(configuration, group: group, tls: tls)
        let isUnwanted = self.state.withLock { state in
          state.opening[number] = nil
          if !state.isShutDown { state.connections.append(connection) }
          return state.isShutDown
        }
        if isUnwanted { await connection.close() }
        return connection
      } catch {
        var asked = 0
        if case CallFailure.notSent(_, let retryMilliseconds) = error { asked = retryMilliseconds }
        self.state.withLock { state in
          state.opening[number] = nil
          state.lonelyUntil = .now() + .milliseconds(Int64(max(1000, asked)))
        }
        throw error
      }
    }
    state.opening[number] = task
    return task
  }

  func shutdown() async {
    let (connections, opening) = state.withLock { state in
      state.isShutDown = true
      defer { state.connections = [] }
      return (state.connections, Array(state.opening.values))
    }
    for connection in connections { await connection.close() }
    for task in opening { _ = try? await task.value }
  }
}
