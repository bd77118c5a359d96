package import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
package import VectorModel

/// A client of the binary protocol: pooled connections, requests in any number at once, retries where they are safe.
///
/// A request that reads, or a write that carries a producer's stamp, is sent again after a lost connection or when
/// the server asks to come back later; anything else is sent at most once.
package final class VectorClient: Sendable {
  package let configuration: ClientConfiguration
  let pool: ConnectionPool
  private let lanes = Mutex(WriteLanes())

  /// - Throws: `badRequest` where the certificates of the configuration cannot be used.
  package init(
    _ configuration: ClientConfiguration,
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
  ) throws(RequestError) {
    self.configuration = configuration
    pool = ConnectionPool(configuration, group: group, tls: try Self.context(configuration.tls))
  }

  private static func context(_ tls: ClientConfiguration.TLS?) throws(RequestError) -> NIOSSLContext? {
    guard let tls else { return nil }
    do {
      var configuration = TLSConfiguration.makeClientConfiguration()
      if let file = tls.trustRootsFile { configuration.trustRoots = .file(file) }
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw .badRequest(
        "the certificates in \(tls.trustRootsFile ?? "the system's store") cannot be used: \(error)")
    }
  }

  /// Closes all connections; requests in progress fail.
  package func shutdown() async { await pool.shutdown() }

  /// Answers one request.
  ///
  /// - Parameter deadline: when to give up, retries included; absent is the configuration's time from now.
  /// - Throws: the server's error, `timeout` behind the deadline, `unavailable` without a connection. A write that
  ///   fails with one of the last two may have been done.
  package func send(_ request: Request, deadline: NIODeadline? = nil) async throws(RequestError) -> Response {
    let deadline = deadline ?? .now() + .milliseconds(Int64(configuration.requestMilliseconds))
    var retries = 0
    while true {
      let failure: CallFailure
      do throws(CallFailure) {
        guard !Task.isCancelled else { throw .notSent(.cancelled) }
        let frame = try await pool.connection(until: deadline).call(request.opcode, deadline: deadline) {
          request.write(to: &$0)
        }
        return try Self.response(frame)
      } catch {
        failure = error
      }
      guard retries < configuration.retriesMax, failure.permitsRetry(of: request) else { throw failure.error }
      let pause = pause(behind: failure, retries: retries)
      guard .now() + pause < deadline, (try? await Task.sleep(for: .nanoseconds(pause.nanoseconds))) != nil
      else {
        throw failure.error
      }
      retries += 1
    }
  }

  /// Changes points of a collection; a lost connection is met with a retry that the server recognises.
  /// - Parameter wait: only the word of the answer depends on it: every answered write is durable and visible.
  package func write(
    _ operation: WriteOperation, to collection: String, wait: Bool = true, deadline: NIODeadline? = nil
  ) async throws(RequestError) -> UpdateResult {
    var parameters = UpdateParameters()
    parameters.wait = wait
    let stamp = lanes.withLock { $0.take() }
    parameters.producer = stamp
    defer { lanes.withLock { $0.giveBack(stamp) } }
    let response = try await send(.write(collection: collection, operation, parameters), deadline: deadline)
    guard case .update(let result) = response.result else { throw Self.unexpected(response) }
    return result
  }

  /// The points that a search finds, best first.
  package func query(
    _ query: QueryRequest, in collection: String, deadline: NIODeadline? = nil
  ) async throws(RequestError) -> [ScoredPoint] {
    let response = try await send(.query(collection: collection, query, .points), deadline: deadline)
    guard case .points(let points, _) = response.result else { throw Self.unexpected(response) }
    return points
  }

  static func unexpected(_ response: Response) -> RequestError {
    .internalError("the server answered with something else: \(response.result)")
  }

  private static func response(_ frame: ClientFrame) throws(CallFailure) -> Response {
    var refusal = (
      error: RequestError.badRequest("the server answered with opcode \(frame.opcode)"), retryMilliseconds: 0
    )
    do throws(RequestError) {
      if frame.opcode == Opcode.result.rawValue {
        var microseconds: UInt64 = 0
        return try Response(body: frame.body, flags: frame.flags, microseconds: &microseconds)
      }
      if frame.opcode == Opcode.error.rawValue { refusal = try RequestError.answer(frame.body) }
    } catch {
      refusal.error = error
    }
    throw .refused(refusal.error, retryMilliseconds: refusal.retryMilliseconds)
  }

  /// Twice as long each time, up to 256 times as long, at least what the server asks for, and a little by chance so
  /// that clients part.
  func pause(behind failure: CallFailure, retries: Int) -> TimeAmount {
    var milliseconds = Double(configuration.retryPauseMilliseconds) * Double(1 << min(retries, 8))
    switch failure {
    case .refused(_, let asked), .notSent(_, let asked): milliseconds = max(milliseconds, Double(asked))
    case .lost, .ended: break
    }
    return .microseconds(Int64(milliseconds * 1000 * Double.random(in: 1...1.25)))
  }
}

extension CallFailure {
  /// Whether sending the same request again can do no harm and may help.
  fileprivate func permitsRetry(of request: Request) -> Bool {
    switch self {
    case .notSent: true
    case .lost: request.isRepeatable
    case .ended: false
    case .refused(let error, _): error.isTransient && request.isRepeatable
    }
  }
}

extension Request {
  /// Whether doing it twice is as good as doing it once: it reads, or the server recognises it.
  fileprivate var isRepeatable: Bool {
    switch self {
    case .write(_, _, let parameters), .writeBatch(_, _, let parameters): parameters.producer != nil
    default: isReadOnly
    }
  }
}
