package import VectorModel

/// Gathers points into batches, waits while the server is away, and says when a point is acknowledged.
///
/// While one batch is under way the next one fills, so that many workers make few writes. Changes of known points go
/// beside them, each under a producer that has no other write under way.
package actor PointUploader {
  private struct Waiting {
    var point: Point
    var continuation: CheckedContinuation<Result<Duration, RequestError>, Never>
  }

  private let collection: VideoCollection
  private let batchMax: Int
  private let backoff: Backoff
  private var waiting: [Waiting] = []
  private var sender: Task<Void, Never>?
  private var lanes = WriteLanes()
  private var isStopped = false
  /// Times that a write had to wait for the server.
  package private(set) var retryCount = 0

  package init(collection: VideoCollection, batchMax: Int, backoff: Backoff = Backoff()) {
    self.collection = collection
    self.batchMax = batchMax
    self.backoff = backoff
  }

  /// Returns when the server has acknowledged the point.
  ///
  /// - Returns: the part of the write's time that this point was.
  /// - Throws: when the server refuses it for good, or writes at all, or the task was cancelled.
  @discardableResult
  package func upload(_ point: Point) async throws(StageError) -> Duration {
    if isStopped { throw StageError(.upload, "the worker was stopped", isOfServer: true) }
    let result = await withCheckedContinuation { continuation in
      waiting.append(Waiting(point: point, continuation: continuation))
      if sender == nil { sender = Task { await self.sendAll() } }
    }
    switch result {
    case .success(let share): return share
    case .failure(let error): throw StageError(upload: error)
    }
  }

  /// Changes a point that is there and keeps its vectors of other names; uploads it when it is not there.
  @discardableResult
  package func amend(_ point: Point) async throws(StageError) -> Duration {
    let start = ContinuousClock.now
    do {
      try await retrying { [collection] stamp throws(RequestError) in
        try await collection.amend(point, stamp: stamp)
      }
    } catch {
      guard error.code == .notFound else { throw StageError(upload: error) }
      return try await upload(point)
    }
    return ContinuousClock.now - start
  }

  /// Puts keys over the payload of a point that is there.
  package func setPayload(_ payload: [UInt8], of id: PointID) async throws(StageError) {
    try await write { [collection] stamp throws(RequestError) in
      try await collection.setPayload(payload, of: id, stamp: stamp)
    }
  }

  /// The paths of a point; nil where there is no such point.
  package func paths(of id: PointID) async throws(StageError) -> [String]? {
    do {
      return try await waitingOut { [collection] () async throws(RequestError) in
        try await collection.paths(of: id)
      }
    } catch {
      throw StageError(upload: error)
    }
  }

  package func delete(_ ids: [PointID]) async throws(StageError) {
    try await write { [collection] stamp throws(RequestError) in
      try await collection.delete(ids, stamp: stamp)
    }
  }

  private func write(
    _ body: @Sendable (ProducerStamp) async throws(RequestError) -> Void
  ) async throws(StageError) {
    do {
      try await retrying(body)
    } catch {
      throw StageError(upload: error)
    }
  }

  private func sendAll() async {
    while !waiting.isEmpty {
      let batch = Array(waiting.prefix(batchMax))
      waiting.removeFirst(batch.count)
      await send(batch)
    }
    sender = nil
  }

  /// Gives up waiting for the server; what is not acknowledged fails as transient.
  package func stop() {
    isStopped = true
    sender?.cancel()
  }

  /// Sends a batch; when it is refused, each point alone, so that one bad point does not take others with it.
  private func send(_ batch: [Waiting]) async {
    let points = batch.map(\.point)
    let start = ContinuousClock.now
    do {
      try await retrying { [collection] stamp throws(RequestError) in
        try await collection.upsert(points, stamp: stamp)
      }
      let share = (ContinuousClock.now - start) / batch.count
      for entry in batch { entry.continuation.resume(returning: .success(share)) }
    } catch {
      guard batch.count > 1, error.isOfRequest else {
        for entry in batch { entry.continuation.resume(returning: .failure(error)) }
        return
      }
      for entry in batch { await send([entry]) }
    }
  }

  /// Does a write, again and again while the server is away, always with the same stamp.
  private func retrying(
    _ body: @Sendable (ProducerStamp) async throws(RequestError) -> Void
  ) async throws(RequestError) {
    let stamp = lanes.take()
    defer { lanes.giveBack(stamp) }
    try await waitingOut { () async throws(RequestError) in try await body(stamp) }
  }

  /// Does something again and again while the server is away.
  private func waitingOut<Value: Sendable>(
    _ body: @Sendable () async throws(RequestError) -> Value
  ) async throws(RequestError) -> Value {
    var attempt = 0
    while true {
      do {
        return try await body()
      } catch  where error.isTransient {
        retryCount += 1
        guard await backoff.pause(afterAttempt: attempt) else { throw error }
        attempt += 1
      }
    }
  }
}

extension StageError {
  fileprivate init(upload error: RequestError) {
    self.init(.upload, error.message, isOfServer: !error.isOfRequest)
  }
}

/// Longer and longer pauses between attempts.
package struct Backoff: Sendable {
  package var firstMilliseconds = 200
  package var largestMilliseconds = 30_000
  /// Nil tries for ever.
  package var attemptsMax: Int?

  package init(firstMilliseconds: Int = 200, largestMilliseconds: Int = 30_000, attemptsMax: Int? = nil) {
    self.firstMilliseconds = firstMilliseconds
    self.largestMilliseconds = largestMilliseconds
    self.attemptsMax = attemptsMax
  }

  /// The pause after an attempt, counted from 0: doubled each time, up to the largest.
  package func milliseconds(afterAttempt attempt: Int) -> Int {
    min(largestMilliseconds, firstMilliseconds << min(attempt, 20))
  }

  /// Waits; false when there is to be no further attempt.
  func pause(afterAttempt attempt: Int) async -> Bool {
    if let attemptsMax, attempt + 1 >= attemptsMax { return false }
    do {
      try await Task.sleep(for: .milliseconds(milliseconds(afterAttempt: attempt)))
      return true
    } catch {
      return false
    }
  }
}
