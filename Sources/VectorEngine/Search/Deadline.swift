import VectorModel

/// When a request has to be answered.
struct Deadline: Sendable {
  private let instant: ContinuousClock.Instant
  private let milliseconds: Int

  init(milliseconds: Int) {
    self.milliseconds = milliseconds
    instant = ContinuousClock.now.advanced(by: .milliseconds(milliseconds))
  }

  /// - Throws: `timeout` once the time has passed.
  func check() throws(RequestError) {
    if ContinuousClock.now >= instant {
      throw .timeout("the request took longer than its limit of \(milliseconds) ms")
    }
  }
}
