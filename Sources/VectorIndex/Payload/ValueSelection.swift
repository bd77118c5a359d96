import VectorModel

/// Which of the values that an index keeps are meant.
enum ValueSelection: Sendable {
  case none
  case all
  /// Numbers in any of these ranges.
  case numbers([ClosedRange<Int64>])
  /// Keys of places in any of these ranges, of whose cells a test answers so.
  case cells([ClosedRange<Int64>], GeoTest, GeoTest.Answer)
  /// Any number but these.
  case numbersExcept([Int64])
  case terms([[UInt8]])
  /// Any term but these.
  case termsExcept([[UInt8]])
  case termsWithPrefix([UInt8])
  /// Terms whose text passes a test.
  case termsWhere(TermTest)

  static func number(_ key: Int64) -> ValueSelection { .numbers([key...key]) }
}

/// What is asked of each term's text.
enum TermTest: Sendable {
  case text(TextTest)
  case instant(Bounds<Int64>)

  func holds(for text: String) -> Bool {
    switch self {
    case .text(let test): test.holds(for: text)
    case .instant(let bounds): Datetime.microseconds(parsing: text).map { bounds.contains($0) } ?? false
    }
  }
}

/// How the index of a field answers a match, a range or a condition on places: which values make it true, which leave it open, and the
/// same for values that the index does not keep.
struct ValuePlan: Sendable {
  /// What an unkept value of a point says about the condition.
  enum Other: Sendable { case isFalse, isOpen, isTrue }

  var definite = ValueSelection.none
  var open = ValueSelection.none
  var other = Other.isFalse

  init(_ match: Match, type: PayloadFieldType) {
    switch type {
    case .keyword: planKeyword(match)
    case .uuid: planUUID(match)
    case .bool: planBool(match)
    case .integer: planInteger(match)
    case .float: planFloat(match)
    case .datetime: planDatetime(match)
    case .geo, .text: open = .all; other = .isOpen
    }
  }

  init(_ range: RangeCondition, type: PayloadFieldType) {
    switch (range, type) {
    case (.number(let bounds), .integer):
      definite = .numbers(bounds.integers)
      other = .isOpen
    case (.number(let bounds), .float): definite = .numbers(bounds.orderedNumbers)
    case (.datetime(let bounds), .datetime): definite = .numbers(bounds.keys)
    // Every string is a term of a keyword index, and no other value tells an instant.
    case (.datetime(let bounds), .keyword): definite = .termsWhere(.instant(bounds))
    default: other = .isOpen
    }
  }

  /// Cells on a border stay open; what is no place is in none.
  init(_ condition: GeoCondition, type: PayloadFieldType) {
    guard type == .geo else {
      other = .isOpen
      return
    }
    let test = GeoTest(condition)
    let ranges = GeoKey.ranges(covering: test.boxes)
    definite = .cells(ranges, test, .inside)
    open = .cells(ranges, test, .border)
  }

  private mutating func planKeyword(_ match: Match) {
    switch match {
    case .string(let text): definite = .terms([Array(text.utf8)])
    case .anyString(let list): definite = .terms(list.map { Array($0.utf8) })
    case .exceptStrings(let list):
      definite = .termsExcept(list.map { Array($0.utf8) })
      other = .isTrue
    case .exceptIntegers:
      definite = .all
      other = .isOpen
    case .text(let text), .phrase(let text): definite = .termsWhere(.text(.contains(text)))
    case .textAny(let text): definite = .termsWhere(.text(.containsAny(of: text)))
    case .prefix(let text): definite = .termsWithPrefix(Array(text.utf8))
    case .integer, .bool, .anyInteger: other = .isOpen
    }
  }

  private mutating func planUUID(_ match: Match) {
    func term(_ text: String) -> [UInt8]? {
      guard case .term(let bytes)? = IndexedValue(.string(text), type: .uuid) else { return nil }
      return bytes
    }
    other = .isOpen
    switch match {
    case .string(let text):
      guard let term = term(text) else { return }
      definite = .terms([term])
      other = .isFalse
    case .anyString(let list):
      let terms = list.compactMap { term($0.text) }
      definite = .terms(terms)
      if terms.count == list.count { other = .isFalse }
    case .exceptStrings(let list):
      let terms = list.compactMap { term($0.text) }
      definite = .termsExcept(terms)
      if terms.count == list.count { other = .isTrue }
    case .exceptIntegers: definite = .all
    case .text(let text), .phrase(let text): definite = .termsWhere(.text(.contains(text)))
    case .textAny(let text): definite = .termsWhere(.text(.containsAny(of: text)))
    case .prefix(let text): definite = .termsWhere(.text(.prefix(text)))
    case .integer, .bool, .anyInteger: break
    }
  }

  private mutating func planBool(_ match: Match) {
    switch match {
    case .bool(let flag): definite = .terms([[flag ? 1 : 0]])
    case .exceptStrings, .exceptIntegers:
      definite = .all
      other = .isOpen
    default: other = .isOpen
    }
  }

  private mutating func planInteger(_ match: Match) {
    switch match {
    case .integer(let number): definite = .number(number)
    case .anyInteger(let list): definite = .numbers(list.sorted().map { $0...$0 })
    case .exceptIntegers(let list):
      definite = .numbersExcept(list.sorted())
      other = .isTrue
    case .exceptStrings:
      definite = .all
      other = .isOpen
    default: other = .isOpen
    }
  }

  /// A float index does not tell `1` from `1.0`, so equal numbers stay open.
  private mutating func planFloat(_ match: Match) {
    func keys(_ list: some Sequence<Int64>) -> [Int64] {
      Set(list.map { IndexedValue.ordered(Double($0)) }).sorted()
    }
    switch match {
    case .integer(let number): open = .numbers(keys([number]).map { $0...$0 })
    case .anyInteger(let list): open = .numbers(keys(list).map { $0...$0 })
    case .exceptIntegers(let list):
      definite = .numbersExcept(keys(list))
      open = .numbers(keys(list).map { $0...$0 })
      other = .isTrue
    case .exceptStrings:
      definite = .all
      other = .isOpen
    default: other = .isOpen
    }
  }

  /// A datetime index keeps instants, not their texts, so equal instants stay open.
  private mutating func planDatetime(_ match: Match) {
    func keys(_ list: some Sequence<String>) -> [Int64] {
      Set(list.compactMap { Datetime.microseconds(parsing: $0) }).sorted()
    }
    func isKept(_ text: String) -> Bool { Datetime.microseconds(parsing: text) != nil }
    switch match {
    case .string(let text):
      open = .numbers(keys([text]).map { $0...$0 })
      other = isKept(text) ? .isFalse : .isOpen
    case .anyString(let list):
      open = .numbers(keys(list.map(\.text)).map { $0...$0 })
      other = list.allSatisfy { isKept($0.text) } ? .isFalse : .isOpen
    case .exceptStrings(let list):
      definite = .numbersExcept(keys(list.map(\.text)))
      open = .numbers(keys(list.map(\.text)).map { $0...$0 })
      other = list.allSatisfy { isKept($0.text) } ? .isTrue : .isOpen
    case .exceptIntegers:
      definite = .all
      other = .isOpen
    case .text, .textAny, .phrase, .prefix:
      open = .all
      other = .isOpen
    case .integer, .bool, .anyInteger: other = .isOpen
    }
  }
}

extension Bounds<Double> {
  /// The integers within the bounds as float64 compares them; none or one range.
  fileprivate var integers: [ClosedRange<Int64>] {
    var low = Int64.min
    var high = Int64.max
    // Rounding to float64 keeps the order, so each bound holds for a suffix or a prefix of the integers.
    for (isPassed, isLower) in tests {
      if isLower {
        guard isPassed(Double(Int64.max)) else { return [] }
        low = max(low, Self.first { isPassed(Double($0)) })
      } else {
        guard isPassed(Double(Int64.min)) else { return [] }
        if !isPassed(Double(Int64.max)) { high = min(high, Self.first { !isPassed(Double($0)) } - 1) }
      }
    }
    return low <= high ? [low...high] : []
  }

  private var tests: [(isPassed: (Double) -> Bool, isLower: Bool)] {
    var tests: [(isPassed: (Double) -> Bool, isLower: Bool)] = []
    if let greaterThan { tests.append(({ $0 > greaterThan }, true)) }
    if let greaterThanOrEqual { tests.append(({ $0 >= greaterThanOrEqual }, true)) }
    if let lessThan { tests.append(({ $0 < lessThan }, false)) }
    if let lessThanOrEqual { tests.append(({ $0 <= lessThanOrEqual }, false)) }
    return tests
  }

  /// The first integer that passes; the greatest one does.
  private static func first(_ isPassed: (Int64) -> Bool) -> Int64 {
    var low = Int64.min
    var high = Int64.max
    while low < high {
      // Floor of the mean without overflow.
      let middle = (low & high) + (low ^ high) >> 1
      if isPassed(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// The bounds in the order that a float index keeps; none or one range.
  fileprivate var orderedNumbers: [ClosedRange<Int64>] {
    let all = [lessThan, lessThanOrEqual, greaterThan, greaterThanOrEqual]
    if all.contains(where: { $0?.isNaN ?? false }) { return [] }
    return Bounds<Int64>(
      lessThan: lessThan.map(IndexedValue.ordered),
      lessThanOrEqual: lessThanOrEqual.map(IndexedValue.ordered),
      greaterThan: greaterThan.map(IndexedValue.ordered),
      greaterThanOrEqual: greaterThanOrEqual.map(IndexedValue.ordered)
    ).keys
  }
}

extension Bounds<Int64> {
  /// The numbers within the bounds; none or one range.
  fileprivate var keys: [ClosedRange<Int64>] {
    var low = greaterThanOrEqual ?? .min
    var high = lessThanOrEqual ?? .max
    if let greaterThan {
      guard greaterThan < .max else { return [] }
      low = Swift.max(low, greaterThan + 1)
    }
    if let lessThan {
      guard lessThan > .min else { return [] }
      high = Swift.min(high, lessThan - 1)
    }
    return low <= high ? [low...high] : []
  }
}
