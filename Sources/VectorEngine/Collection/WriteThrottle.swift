import VectorModel

/// Slows writers down to what builds keep up with: answers of writes are held back while more rows wait for a part
/// than searches can scan well, or than memory should hold where nobody searches.
struct WriteThrottle {
  /// Rows without a part that delay nothing, as a share of all.
  private static let shareMin = 0.05
  private static let delayMax = Duration.seconds(10)

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

  mutating func hold(_ answer: WriteAnswer, for delay: Duration) {
    held.append((due: .now.advanced(by: delay), answer: answer))
  }

  /// Sends the answers that have waited long enough, or all.
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
