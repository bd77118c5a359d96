@_spi(_Unicode) import Swift
import VectorModel

/// Byte-pair encoding over bytes (Sennrich et al. 2016; Radford et al. 2019), as GPT-2 and CLIP use it.
package struct BytePairTokenizer: TextTokenizer {
  package enum Style: Sendable {
    /// Case and spaces count; nothing is added.
    case gpt2
    /// Composed characters (NFC), lower case, words end in `</w>`, begin and end are marked.
    case clip
  }

  private let ids: [String: Int32]
  private let ranks: [Pair: Int]
  private let style: Style
  private let letters: [Character]

  private struct Pair: Hashable {
    var left: String
    var right: String
  }

  /// Reads `vocab.json` (piece → id) and `merges.txt` (a pair a line, the earlier ones first).
  ///
  /// - Throws: an error naming what does not fit.
  package init(vocabulary: [UInt8], merges: String, style: Style) throws(StageError) {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: vocabulary)
    } catch {
      throw StageError(.text, "the BPE vocabulary: \(error.message)")
    }
    guard case .object(let members) = value else {
      throw StageError(.text, "the BPE vocabulary is no object")
    }
    var ids: [String: Int32] = [:]
    for member in members {
      guard case .integer(let id) = member.value, let small = Int32(exactly: id), small >= 0 else {
        throw StageError(.text, "the BPE vocabulary gives \(member.key) no id")
      }
      ids[member.key] = small
    }
    var ranks: [Pair: Int] = [:]
    for line in merges.split(whereSeparator: \.isNewline) where !line.hasPrefix("#version") {
      let parts = line.split(separator: " ")
      guard parts.count == 2 else { throw StageError(.text, "the BPE merges hold the line «\(line)»") }
      ranks[Pair(left: String(parts[0]), right: String(parts[1]))] = ranks.count
    }
    if style == .clip {
      guard ids["<|startoftext|>"] != nil, ids["<|endoftext|>"] != nil else {
        throw StageError(.text, "the BPE vocabulary of CLIP lacks <|startoftext|> or <|endoftext|>")
      }
    }
    self.ids = ids
    self.ranks = ranks
    self.style = style
    letters = Self.byteLetters()
  }

  package var vocabularyCount: Int { Int(ids.values.max() ?? -1) + 1 }

  package func encode(_ text: String, tokensMax: Int) -> [Int32] {
    let prepared =
      style == .clip ? String(String.UnicodeScalarView(text._nfc)).lowercased() : text
    var tokens: [Int32] = []
    for word in Self.words(of: prepared, style: style) {
      if tokens.count >= tokensMax { break }
      tokens += pieces(of: word).compactMap { ids[$0] }
    }
    guard style == .clip, let start = ids["<|startoftext|>"], let end = ids["<|endoftext|>"] else {
      if tokens.isEmpty, let end = ids["<|endoftext|>"] { return [end] }
      return Array(tokens.prefix(tokensMax))
    }
    return [start] + tokens.prefix(tokensMax - 2) + [end]
  }

  /// Joins the pair that was learned first, again and again.
  ///
  /// - Complexity: O(length²) of the word.
  func pieces(of word: String) -> [String] {
    var pieces = word.utf8.map { String(letters[Int($0)]) }
    if style == .clip, let last = pieces.popLast() { pieces.append(last + "</w>") }
    while pieces.count > 1 {
      var best: (rank: Int, index: Int)?
      for index in 0..<(pieces.count - 1) {
        if let rank = ranks[Pair(left: pieces[index], right: pieces[index + 1])], rank < best?.rank ?? .max {
          best = (rank, index)
        }
      }
      guard let best else { break }
      let left = pieces[best.index]
      let right = pieces[best.index + 1]
      var joined: [String] = []
      var index = 0
      while index < pieces.count {
        if index + 1 < pieces.count, pieces[index] == left, pieces[index + 1] == right {
          joined.append(left + right)
          index += 2
        } else {
          joined.append(pieces[index])
          index += 1
        }
      }
      pieces = joined
    }
    return pieces
  }

  /// Splits as the regular expressions of GPT-2 (`'s|'t|… ?letters| ?digits| ?signs|spaces`) and of CLIP do, the
  /// latter without spaces and with single digits.
  static func words(of text: String, style: Style) -> [String] {
    let scalars = Array(text.unicodeScalars)
    var words: [String] = []
    var index = 0
    while index < scalars.count {
      if let length = contraction(scalars, at: index) {
        words.append(string(scalars[index..<(index + length)]))
        index += length
        continue
      }
      var start = index
      if scalars[index].properties.isWhitespace {
        var end = index
        while end < scalars.count, scalars[end].properties.isWhitespace { end += 1 }
        if style == .clip {
          index = end
          continue
        }
        // One space belongs to the word behind it, where it is a plain one; the others stand alone.
        let lends = end < scalars.count && scalars[end - 1] == " "
        let alone = end < scalars.count && (lends || end - index > 1) ? end - 1 : end
        if alone > index { words.append(string(scalars[index..<alone])) }
        index = alone
        if index == end { continue }
        start = index
        if !lends {
          words.append(string(scalars[index..<end]))
          index = end
          continue
        }
        index = end
      }
      let kind = Kind(scalars[index])
      var end = index + 1
      while end < scalars.count, Kind(scalars[end]) == kind, !(style == .clip && kind == .digit) { end += 1 }
      words.append(string(scalars[start..<end]))
      index = end
    }
    return words
  }

  private enum Kind: Equatable {
    case letter, digit, space, other

    init(_ scalar: Unicode.Scalar) {
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
      case .decimalNumber, .letterNumber, .otherNumber: self = .digit
      default: self = scalar.properties.isWhitespace ? .space : .other
      }
    }
  }

  private static func contraction(_ scalars: [Unicode.Scalar], at index: Int) -> Int? {
    guard scalars[index] == "'" else { return nil }
    let rest = String(String.UnicodeScalarView(scalars[(index + 1)...].prefix(2)))
    if ["re", "ve", "ll"].contains(rest) { return 3 }
    if let first = rest.first, "stmd".contains(first) { return 2 }
    return nil
  }

  private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    String(String.UnicodeScalarView(scalars))
  }

  /// A visible character for each byte: itself where it is one, else from U+0100 on.
  private static func byteLetters() -> [Character] {
    var next: UInt32 = 0x100
    return (0...255).map { (byte: UInt32) in
      let isVisible = (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)
      if isVisible, let scalar = Unicode.Scalar(byte) { return Character(scalar) }
      defer { next += 1 }
      return Character(Unicode.Scalar(next) ?? "?")
    }
  }
}
