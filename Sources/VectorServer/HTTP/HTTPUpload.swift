import NIOCore
import NIOPosix
import Synchronization
import VectorModel

/// A request's body on its way into a file: taken from the event loop, written by a thread of a pool in order.
///
/// The body is a multipart form with the file in it, or the file itself.
final class HTTPUpload: Sendable {
  /// Bytes that may wait for the disk before the peer has to wait.
  private static let waitingBytesMax = 8 << 20

  private struct State {
    var sink: (any ByteSink)?
    var multipart: MultipartReader?
    var waiting: [ByteBuffer] = []
    var waitingBytes = 0
    /// The sink is being asked for, or a thread writes.
    var isBusy = true
    var failure: RequestError?
    var end: (@Sendable (Result<any ByteSink, RequestError>) -> Void)?
    /// Called once there is room again.
    var resume: (@Sendable () -> Void)?
  }

  private let state: Mutex<State>
  private let pool: NIOThreadPool

  init(handler: any RequestHandler, contentType: String?, pool: NIOThreadPool) {
    self.pool = pool
    var state = State()
    if let contentType, contentType.lowercased().hasPrefix("multipart/") {
      do throws(RequestError) { state.multipart = try MultipartReader(contentType: contentType) } catch {
        state.failure = error
      }
    }
    self.state = Mutex(state)
    handler.handle(snapshots: .beginUpload) { [self] result in
      self.state.withLock { state in
        switch result {
        case .success(.sink(let sink)): state.sink = sink
        case .success: state.failure = .internalError("an upload got no place")
        case .failure(let error): state.failure = error
        }
      }
      write()
    }
  }

  /// Takes a part of the body.
  /// - Parameter resume: called from any thread once more may come, where the answer is false.
  /// - Returns: whether more may come at once.
  func receive(_ part: ByteBuffer, resume: @escaping @Sendable () -> Void) -> Bool {
    let (starts, hasRoom) = state.withLock { state -> (Bool, Bool) in
      guard state.failure == nil else { return (false, true) }
      state.waiting.append(part)
      state.waitingBytes += part.readableBytes
      let hasRoom = state.waitingBytes <= Self.waitingBytesMax
      if !hasRoom { state.resume = resume }
      defer { state.isBusy = true }
      return (!state.isBusy, hasRoom)
    }
    if starts { pool.submit { [self] _ in write() } }
    return hasRoom
  }

  /// Hands over the file once all that came is written.
  func finish(_ completion: @escaping @Sendable (Result<any ByteSink, RequestError>) -> Void) {
    let starts = state.withLock { state in
      state.end = completion
      defer { state.isBusy = true }
      return !state.isBusy
    }
    if starts { pool.submit { [self] _ in write() } }
  }

  /// Writes what waits, until nothing does.
  private func write() {
    while true {
      let parts = state.withLock { state -> [ByteBuffer] in
        defer {
          state.waiting = []
          state.waitingBytes = 0
        }
        return state.waiting
      }
      for part in parts { write(part) }
      let step = state.withLock { state -> (isDone: Bool, resume: (@Sendable () -> Void)?) in
        defer { state.resume = nil }
        let isDone = state.waiting.isEmpty
        if isDone { state.isBusy = false }
        return (isDone, state.resume)
      }
      step.resume?()
      if step.isDone { break }
    }
    end()
  }

  private func write(_ part: ByteBuffer) {
    let (sink, multipart, hasFailed) = state.withLock { ($0.sink, $0.multipart, $0.failure != nil) }
    guard let sink, !hasFailed else { return }
    do throws(RequestError) {
      if var multipart {
        try multipart.read(Array(part.readableBytesView)) { (bytes) throws(RequestError) in
          try sink.write(bytes)
        }
        state.withLock { [multipart] in $0.multipart = multipart }
      } else {
        try sink.write(Array(part.readableBytesView))
      }
    } catch {
      state.withLock { $0.failure = error }
    }
  }

  private func end() {
    let ended = state.withLock {
      state -> (
        completion: @Sendable (Result<any ByteSink, RequestError>) -> Void,
        result: Result<any ByteSink, RequestError>
      )? in
      guard let end = state.end, !state.isBusy, state.waiting.isEmpty else { return nil }
      state.end = nil
      if let failure = state.failure { return (end, .failure(failure)) }
      if let multipart = state.multipart, !multipart.isComplete {
        return (end, .failure(.badRequest("the upload is no complete form with a file in it")))
      }
      guard let sink = state.sink else { return (end, .failure(.internalError("an upload got no place"))) }
      return (end, .success(sink))
    }
    if let ended { ended.completion(ended.result) }
  }
}
