/// A Swift file's text with comments and the contents of string literals blanked out, so that rules see only code.
///
/// Every blanked character becomes spaces, line breaks stay, so that offsets and line numbers are those of the
/// file. Code inside string interpolations stays visible. Regular expression literals are taken for operators.
struct CodeText {
  /// UTF-8 of the code, as long as the file's.
  let bytes: [UInt8]

  init(_ text: String) {
    var blanker = Blanker(source: Array(text.utf8))
    blanker.blankCode(untilClosingParenthesis: false)
    bytes = blanker.source
  }

  /// The identifiers and keywords, in order, each with its place.
  var words: [Word] {
    var words: [Word] = []
    var index = 0
    while index < bytes.count {
      guard isWordByte(bytes[index]) else {
        index += 1
        continue
      }
      let start = index
      while index < bytes.count, isWordByte(bytes[index]) { index += 1 }
      words.append(
        Word(text: String(decoding: bytes[start..<index], as: UTF8.self), offset: start, end: index))
    }
    return words
  }

  /// The code of each line.
  var lines: [String] {
    bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
  }

  /// The number, from 1, of the line in which the byte stands.
  func line(at offset: Int) -> Int {
    1 + bytes[..<offset].count { $0 == UInt8(ascii: "\n") }
  }

  /// The last byte before `offset` that is no white space.
  func lastVisibleByte(before offset: Int) -> UInt8? {
    bytes[..<offset].last { !isWhiteSpace($0) }
  }

  struct Word {
    let text: String
    let offset: Int
    /// The offset behind its last byte.
    let end: Int
  }
}

func isWordByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
    true
  default:
    false
  }
}

func isWhiteSpace(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t")
    || byte == UInt8(ascii: "\r")
}

/// Walks over a source once and overwrites what is no code.
private struct Blanker {
  var source: [UInt8]
  private var index = 0

  init(source: [UInt8]) {
    self.source = source
  }

  /// Goes on to the end, or to the parenthesis that closes an interpolation.
  mutating func blankCode(untilClosingParenthesis: Bool) {
    var depth = 0
    while index < source.count {
      if starts("//") {
        blank { $0 == UInt8(ascii: "\n") }
      } else if starts("/*") {
        blankBlockComment()
      } else if let hashes = stringStart() {
        blankString(hashes: hashes)
      } else {
        if source[index] == UInt8(ascii: "(") { depth += 1 }
        if source[index] == UInt8(ascii: ")") {
          if depth == 0, untilClosingParenthesis { return }
          depth -= 1
        }
        index += 1
      }
    }
  }

  private func starts(_ text: StaticString, at offset: Int = 0) -> Bool {
    let start = index + offset
    let wanted = text.description.utf8
    return start + wanted.count <= source.count
      && source[start..<(start + wanted.count)].elementsEqual(wanted)
  }

  private func hashCount(at offset: Int) -> Int {
    source[min(offset, source.count)...].prefix { $0 == UInt8(ascii: "#") }.count
  }

  /// How many `#` stand before the quotation mark, if a string literal begins here.
  private func stringStart() -> Int? {
    let hashes = hashCount(at: index)
    return starts("\"", at: hashes) ? hashes : nil
  }

  private mutating func blank(until isEnd: (UInt8) -> Bool) {
    while index < source.count, !isEnd(source[index]) { blankOne() }
  }

  private mutating func blankOne() {
    if source[index] != UInt8(ascii: "\n") { source[index] = UInt8(ascii: " ") }
    index += 1
  }

  private mutating func blank(count: Int) {
    for _ in 0..<count where index < source.count { blankOne() }
  }

  private mutating func blankBlockComment() {
    var depth = 0
    repeat {
      if starts("/*") {
        depth += 1
        blank(count: 2)
      } else if starts("*/") {
        depth -= 1
        blank(count: 2)
      } else {
        blankOne()
      }
    } while depth > 0 && index < source.count
  }

  private mutating func blankString(hashes: Int) {
    blank(count: hashes)
    let quotes = starts("\"\"\"") ? 3 : 1
    blank(count: quotes)
    while index < source.count {
      if starts(quotes == 3 ? "\"\"\"" : "\""), hashCount(at: index + quotes) >= hashes {
        blank(count: quotes + hashes)
        return
      }
      if source[index] == UInt8(ascii: "\\"), hashCount(at: index + 1) >= hashes {
        blank(count: 1 + hashes)
        if starts("(") {
          blank(count: 1)
          blankCode(untilClosingParenthesis: true)
        }
        // The escaped character, or the parenthesis that closes the interpolation.
        blank(count: 1)
      } else {
        blankOne()
      }
    }
  }
}
