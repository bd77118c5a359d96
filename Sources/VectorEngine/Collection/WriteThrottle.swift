import VectorModel

/// Slows writers down to what builds keep up with: answers of writes are held back while more rows wait for links or a
/// part than searches can scan well, or than memory should hold where nobody searches. A burst may leave more for a
/// moment.
struct WriteThrottle {
  /// Rows without a part that delay nothing, as a share of all.
  private static let shareMin = 0.05
  private static let delayMax = Duration.seconds(10)

  /// How long more rows may wait than searches scan well; time without a burst gives a tenth of itself back.
  private static let burstMax = Duration.seconds(2)

  private var burstLeft = WriteThrottle.burstMax
  private var noted: (rows: Int, at: ContinuousClock.Instant) = (0, .now)
  private var held: [(due: ContinuousClock.Instant, answer: WriteAnswer)] = []

  /// How many rows without a part delay nothing.
  /// - Parameters:
  ///   - rowsMin: so many do not, however few there are of others.
  ///   - unsearchedRowsMin: the same where nobody searches; nil where somebody does.
  static func allowedRows(rows: Int, rowsMin: Int, unsearchedRowsMin: Int?) -> Int {
    max(rowsMin, unsearchedRowsMin ?? 0, Int(Double(rows) * shareMin))
  }

  /// How long an answer waits: a second for each time that the rows are more than they may be.
  static func delay(unindexedRows: Int, allowedRows: Int) -> Duration? {
    guard unindexedRows > allowedRows else { return nil }
    return min(delayMax, .seconds(Double(unindexedRows) / Double(max(1, allowedRows)) - 1))
  }

  /// Whether a burst may go on.
  var allowsBurst: Bool { burstLeft > .zero }

  /// Counts how long a burst lasts.
  /// - Parameters:
  ///   - unindexedRows: the rows that wait now.
  ///   - steadyRows: what searches scan well.
  mutating func note(unindexedRows: Int, steadyRows: Int, now: ContinuousClock.Instant = .now) {
    let elapsed = noted.at.duration(to: now)
    let isBurst = min(noted.rows, unindexedRows) > steadyRows
    burstLeft = isBurst ? max(.zero, burstLeft - elapsed) : min(Self.burstMax, burstLeft + elapsed / 10)
    noted = (unindexedRows, now)
  }

  mutating func hold(_ answer: WriteAnswer, for delay: Duration) {
    held.append((due: .now.advanced(by: delay), answer: answer))
  }

  /// Sends the answers that have waited long enough, or all: nothing keeps them any more, or the collection closes.
  mutating func release(all: Bool = false) {
    guard !held.isEmpty else { return }
    let now = ContinuousClock.now
    let due = held.filter { all || $0.due <= now }
    held.removeAll { all || $0.due <= now }
    for entry in due { entry.answer.send() }
  }
}

/// An answer that waits for the sync of its operations.
struct WriteAnswer {
  /// Whether it depends on the sync.
  var isLogged: Bool
  var error: RequestError?
  let body: (RequestError?) -> Void

  func send() { body(error) }
}
