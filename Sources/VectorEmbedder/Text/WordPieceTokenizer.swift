@_spi(_Unicode) import Swift

/// BERT's uncased tokenizer: basic splitting, then the longest known piece first (WordPiece, Schuster and
/// Nakajima 2012, as in Devlin et al. 2018).
package struct WordPieceTokenizer: TextTokenizer {
  private let pieces: [String: Int32]
  private let unknown: Int32
  private let classToken: Int32
  private let separator: Int32
  /// Whether letters are folded to lower case and lose their accents.
  private let isUncased: Bool

  /// Words of more characters are unknown.
  package static let wordCharactersMax = 100

  /// Reads `vocab.txt`: one piece a line, the line number is the id.
  ///
  /// - Throws: an error naming the special token that is missing.
  package init(vocabulary: String, isUncased: Bool = true) throws(StageError) {
    var pieces: [String: Int32] = [:]
    for (index, line) in vocabulary.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    where !line.isEmpty {
      pieces[line.last == "\r" ? String(line.dropLast()) : String(line)] = Int32(truncatingIfNeeded: index)
    }
    func special(_ name: String) throws(StageError) -> Int32 {
      guard let id = pieces[name] else {
        throw StageError(.text, "the vocabulary of \(pieces.count) pieces lacks \(name)")
      }
      return id
    }
    unknown = try special("[UNK]")
    classToken = try special("[CLS]")
    separator = try special("[SEP]")
    self.pieces = pieces
    self.isUncased = isUncased
  }

  package var vocabularyCount: Int { Int(pieces.values.max() ?? -1) + 1 }

  package func encode(_ text: String, tokensMax: Int) -> [Int32] {
    var tokens = [classToken]
    for word in words(of: text) {
      if tokens.count >= tokensMax - 1 { break }
      append(word, to: &tokens)
    }
    if tokens.count > tokensMax - 1 { tokens.removeLast(tokens.count - (tokensMax - 1)) }
    tokens.append(separator)
    return tokens
  }

  /// Words and single punctuation marks, cleaned and folded.
  func words(of text: String) -> [String] {
    let cleaned = Self.clean(text)
    var words: [String] = []
    var word = String.UnicodeScalarView()
    func close() {
      if !word.isEmpty { words.append(String(word)) }
      word.removeAll(keepingCapacity: true)
    }
    func take(_ scalar: Unicode.Scalar) {
      if scalar.properties.isWhitespace {
        close()
      } else if Self.isPunctuation(scalar) {
        close()
        words.append(String(scalar))
      } else {
        word.append(scalar)
      }
    }
    if isUncased {
      for scalar in cleaned.lowercased()._nfd where scalar.properties.generalCategory != .nonspacingMark {
        take(scalar)
      }
    } else {
      cleaned.unicodeScalars.forEach(take)
    }
    close()
    return words
  }

  private func append(_ word: String, to tokens: inout [Int32]) {
    let scalars = Array(word.unicodeScalars)
    guard scalars.count <= Self.wordCharactersMax else {
      tokens.append(unknown)
      return
    }
    var found: [Int32] = []
    var start = 0
    while start < scalars.count {
      var end = scalars.count
      var id: Int32?
      while end > start {
        var piece = String.UnicodeScalarView(scalars[start..<end])
        if start > 0 { piece.insert(contentsOf: "##".unicodeScalars, at: piece.startIndex) }
        id = pieces[String(piece)]
        if id != nil { break }
        end -= 1
      }
      guard let id else {
        tokens.append(unknown)
        return
      }
      found.append(id)
      start = end
    }
    tokens += found
  }

  /// Drops control characters, makes all white space a space, and sets Chinese characters apart.
  private static func clean(_ text: String) -> String {
    var cleaned = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isSpace = scalar == "\t" || scalar == "\n" || scalar == "\r"
      switch scalar.properties.generalCategory {
      case .control where !isSpace, .format, .surrogate, .privateUse, .unassigned: continue
      case .spaceSeparator: cleaned.append(" ")
      default:
        if isSpace {
          cleaned.append(" ")
        } else if scalar.value == 0 || scalar.value == 0xFFFD {
          continue
        } else if isChinese(scalar) {
          cleaned.append(contentsOf: [" ", scalar, " "])
        } else {
          cleaned.append(scalar)
        }
      }
    }
    return String(cleaned)
  }

  private static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
      0x2B820...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }

  /// All ASCII that is no letter, digit or space, and what Unicode calls punctuation.
  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 33...47, 58...64, 91...96, 123...126: return true
    default: break
    }
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      return true
    default: return false
    }
  }
}
