/// What kind of value stands next in a JSON text.
package enum JSONKind: Sendable {
  case null, bool, number, string, array, object
}

/// A pull reader over one complete UTF-8 text that stays in place; nothing is copied but what is asked for.
///
/// It accepts exactly RFC 8259, refuses invalid UTF-8, lone surrogates, numbers that a double cannot hold
/// and nesting beyond a limit, and never traps. Every error is a `RequestError.format` whose message ends
/// in the line and column (in bytes, from 1).
///
/// The caller decides what comes next: each `read…` method skips white space, reads one value and stands
/// behind it. A value that was refused leaves the reader in an unspecified place.
@safe package struct JSONReader: ~Copyable {
  /// The text; null only when `count` is 0.
  let base: UnsafePointer<UInt8>?
  let count: Int
  /// Where the reader stands, in bytes from the start of the text.
  package internal(set) var offset = 0
  /// How many more levels may be opened here.
  var levelsLeft: Int
  /// Whether an array or object was just opened, so that no comma stands before what comes next.
  var isFirst = false
  let depthMax: Int

  /// Levels of nested arrays and objects that a text may have.
  package static let depthMaxDefault = 128

  private init(_ text: UnsafeRawBufferPointer, depthMax: Int) {
    unsafe base = text.baseAddress?.assumingMemoryBound(to: UInt8.self)
    count = text.count
    levelsLeft = depthMax
    self.depthMax = depthMax
  }

  /// Reads one text with `body`, and refuses anything but white space behind it.
  ///
  /// - Throws: what `body` throws, or status 400 for trailing characters.
  package static func read<T>(
    _ bytes: [UInt8], depthMax: Int = depthMaxDefault,
    _ body: (inout JSONReader) throws(RequestError) -> T
  ) throws(RequestError) -> T {
    try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(RequestError) in
      try unsafe read(UnsafeRawBufferPointer(buffer), depthMax: depthMax, body)
    }
  }

  /// Reads one text with `body`, and refuses anything but white space behind it.
  ///
  /// `bytes` must stay as they are until `body` returns.
  /// - Throws: what `body` throws, or status 400 for trailing characters.
  package static func read<T>(
    _ bytes: UnsafeRawBufferPointer, depthMax: Int = depthMaxDefault,
    _ body: (inout JSONReader) throws(RequestError) -> T
  ) throws(RequestError) -> T {
    var reader = unsafe JSONReader(bytes, depthMax: depthMax)
    let result = try body(&reader)
    _ = reader.skipSpace()
    guard reader.offset == reader.count else { throw reader.syntaxError("trailing characters") }
    return result
  }

  /// The byte at `index`, which must be below `count`.
  @inline(__always) func byte(_ index: Int) -> UInt8 {
    assert(index >= 0 && index < count)
    return unsafe base.unsafelyUnwrapped[index]
  }

  /// The byte at the reader's place, or 0 at the end; 0 stands nowhere in a valid text.
  @inline(__always) func current() -> UInt8 {
    offset < count ? byte(offset) : 0
  }

  /// Moves to the next byte that is not white space and returns it, or 0 at the end.
  @inline(__always) mutating func skipSpace() -> UInt8 {
    while offset < count {
      let next = byte(offset)
      if next > 0x20 { return next }
      guard next == 0x20 || next == 0x0A || next == 0x0D || next == 0x09 else { return next }
      offset &+= 1
    }
    return 0
  }

  /// Eight bytes at `index`, the first in the lowest bits; `index + 8` must not exceed `count`.
  @inline(__always) func loadWord(_ index: Int) -> UInt64 {
    assert(index >= 0 && index + 8 <= count)
    return unsafe UInt64(
      littleEndian: UnsafeRawPointer(base.unsafelyUnwrapped + index).loadUnaligned(as: UInt64.self))
  }

  /// A copy of the bytes of `range`, which lies inside the text.
  func bytes(_ range: Range<Int>) -> [UInt8] { unsafe [UInt8](buffer(range)) }

  /// The bytes of `range`, which lies inside the text, as a string.
  func text(_ range: Range<Int>) -> String { unsafe String(decoding: buffer(range), as: UTF8.self) }

  private func buffer(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return unsafe UnsafeBufferPointer(
      start: base.map { unsafe $0 + range.lowerBound }, count: range.count)
  }
}

// MARK: - Looking ahead

extension JSONReader {
  /// A place to come back to.
  package struct Mark {
    fileprivate let offset: Int
    fileprivate let levelsLeft: Int
    fileprivate let isFirst: Bool
  }

  /// The reader's place, for `rewind(to:)`.
  package func mark() -> Mark { Mark(offset: offset, levelsLeft: levelsLeft, isFirst: isFirst) }

  /// Goes back to a place that this reader has been at.
  package mutating func rewind(to mark: Mark) {
    precondition(mark.offset <= count)
    offset = mark.offset
    levelsLeft = mark.levelsLeft
    isFirst = mark.isFirst
  }

  /// Runs `body` and comes back to the place where it started.
  package mutating func lookAhead<T>(
    _ body: (inout JSONReader) throws(RequestError) -> T
  ) throws(RequestError) -> T {
    let start = mark()
    let result = try body(&self)
    rewind(to: start)
    return result
  }

  /// What stands next, without reading it.
  package mutating func peek() throws(RequestError) -> JSONKind {
    switch skipSpace() {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    default: throw expectedValue()
    }
  }
}

// MARK: - Words

extension JSONReader {
  /// Reads `null` when it stands next; anything else is left where it is.
  package mutating func readNull() throws(RequestError) -> Bool {
    guard skipSpace() == UInt8(ascii: "n") else { return false }
    try readWord("null")
    return true
  }

  /// Reads `true` or `false`.
  package mutating func readBool() throws(RequestError) -> Bool {
    switch skipSpace() {
    case UInt8(ascii: "t"):
      try readWord("true")
      return true
    case UInt8(ascii: "f"):
      try readWord("false")
      return false
    default:
      throw typeError(expected: "a boolean")
    }
  }

  mutating func readWord(_ word: StaticString) throws(RequestError) {
    for index in 0..<word.utf8CodeUnitCount {
      guard offset < count else { throw syntaxError("EOF while parsing a value") }
      guard unsafe byte(offset) == word.utf8Start[index] else { throw syntaxError("expected ident") }
      offset &+= 1
    }
  }
}
