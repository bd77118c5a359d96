/// The answer to a filter in three-valued logic: slots that match, slots that are open until their payload is
/// read, and all others, which do not match. The two sets have no slot in common.
package struct Verdict: Sendable {
  package private(set) var definite: Bitset
  /// Nil where nothing is open.
  package private(set) var maybe: Bitset?

  init(definite: Bitset, maybe: Bitset? = nil) {
    self.definite = definite
    if var maybe, !maybe.isEmpty {
      maybe.formAndNot(definite)
      self.maybe = maybe
    }
  }

  static func none(slotCount: Int) -> Verdict { Verdict(definite: Bitset(count: slotCount)) }

  static func open(_ slots: Bitset) -> Verdict {
    Verdict(definite: Bitset(count: slots.count), maybe: slots)
  }

  /// The slots that match or may match.
  var possible: Bitset {
    guard let maybe else { return definite }
    var result = definite
    result.formOr(maybe)
    return result
  }

  var isNever: Bool { definite.isEmpty && maybe?.isEmpty ?? true }

  /// Both hold.
  mutating func formAnd(_ other: Verdict) {
    guard maybe != nil || other.maybe != nil else { return definite.formAnd(other.definite) }
    var open = possible
    open.formAnd(other.possible)
    definite.formAnd(other.definite)
    self = Verdict(definite: definite, maybe: open)
  }

  /// Either holds.
  mutating func formOr(_ other: Verdict) {
    definite.formOr(other.definite)
    guard maybe != nil || other.maybe != nil else { return }
    var open = possible
    open.formOr(other.possible)
    self = Verdict(definite: definite, maybe: open)
  }

  /// It does not hold; open slots stay open.
  mutating func negate() {
    definite = possible
    definite.invert()
  }

  /// Only slots of a set count.
  mutating func restrict(to slots: Bitset) {
    definite.formAnd(slots)
    guard var open = maybe else { return }
    open.formAnd(slots)
    maybe = open.isEmpty ? nil : open
  }

  /// Slots of a set are forgotten: they do not match.
  mutating func exclude(_ slots: Bitset) {
    definite.formAndNot(slots)
    maybe?.formAndNot(slots)
  }

  /// At least `minimum` of the verdicts hold.
  /// - Complexity: O(verdicts · log verdicts · slots / 64).
  static func atLeast(_ minimum: Int, of verdicts: [Verdict], slotCount: Int) -> Verdict {
    var definite = SlotCounter(slotCount: slotCount)
    var possible = SlotCounter(slotCount: slotCount)
    for verdict in verdicts {
      definite.add(verdict.definite)
      possible.add(verdict.possible)
    }
    return Verdict(
      definite: definite.slots(withAtLeast: minimum), maybe: possible.slots(withAtLeast: minimum))
  }
}

/// A counter for each slot, kept as one bitset for each binary digit.
private struct SlotCounter {
  let slotCount: Int
  private var digits: [Bitset] = []

  init(slotCount: Int) { self.slotCount = slotCount }

  /// Adds one to each slot of a set.
  mutating func add(_ slots: Bitset) {
    var carry = slots
    for place in digits.indices {
      var next = digits[place]
      next.formAnd(carry)
      // A digit that is added to without carry is a digit that changes where the addend is one.
      digits[place].formOr(carry)
      digits[place].formAndNot(next)
      carry = next
    }
    if !carry.isEmpty { digits.append(carry) }
  }

  func slots(withAtLeast minimum: Int) -> Bitset {
    guard minimum > 0 else { return Bitset(count: slotCount, repeating: true) }
    guard minimum >> digits.count == 0 else { return Bitset(count: slotCount) }
    // From the lowest digit on: whether the digits so far make at least those of `minimum`.
    var result = Bitset(count: slotCount, repeating: true)
    for place in digits.indices {
      if minimum >> place & 1 == 1 { result.formAnd(digits[place]) } else { result.formOr(digits[place]) }
    }
    return result
  }
}

extension Bitset {
  /// Whether no bit is set.
  var isEmpty: Bool { words.allSatisfy { $0 == 0 } }
}
