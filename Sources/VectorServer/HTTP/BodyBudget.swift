import Synchronization

/// The bytes that all large request bodies may hold together.
package final class BodyBudget: Sendable {
  private let used = Atomic<Int>(0)
  package let bytesMax: Int

  package init(bytesMax: Int) { self.bytesMax = bytesMax }

  package var usedBytes: Int { used.load(ordering: .relaxed) }

  fileprivate func take(_ byteCount: Int) -> Bool {
    let after = used.wrappingAdd(byteCount, ordering: .relaxed).newValue
    if after <= bytesMax { return true }
    used.wrappingSubtract(byteCount, ordering: .relaxed)
    return false
  }

  fileprivate func give(_ byteCount: Int) {
    used.wrappingSubtract(byteCount, ordering: .relaxed)
  }

  /// One body's share, given back when it is released. Not to be grown by two threads at once.
  package final class Share: Sendable {
    private let budget: BodyBudget
    private let bytes = Atomic<Int>(0)

    package init(of budget: BodyBudget) { self.budget = budget }

    deinit { budget.give(bytes.load(ordering: .relaxed)) }

    /// Makes the share at least `byteCount` large; false where the budget has no more.
    package func grow(to byteCount: Int) -> Bool {
      let more = byteCount - bytes.load(ordering: .relaxed)
      if more <= 0 { return true }
      guard budget.take(more) else { return false }
      bytes.store(byteCount, ordering: .relaxed)
      return true
    }
  }
}
