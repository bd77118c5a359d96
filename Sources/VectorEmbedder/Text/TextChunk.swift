/// A piece of a long text that a model can read at once.
package struct TextChunk: Sendable, Equatable {
  package var text: String
  /// Words, and characters of scripts that are written without spaces.
  package var unitCount: Int

  /// Units in one chunk: about 150 word pieces, well below the 256 that small models read.
  package static let unitsMax = 110
  /// A longer run without white space is taken for several words, in Unicode scalars.
  private static let wordScalarsMax = 40 * unitsMax

  /// Cuts a text behind sentences where that is possible, and between words where a sentence is too long.
  ///
  /// - Throws: when the deadline is over; it is looked at before each word.
  /// - Complexity: O(length).
  package static func chunks(of text: String, by deadline: StageDeadline) throws(StageError) -> [TextChunk] {
    var chunks: [TextChunk] = []
    var open = TextChunk(text: "", unitCount: 0)
    for sentence in try sentences(of: text, by: deadline) {
      if open.unitCount + sentence.unitCount > unitsMax, open.unitCount > 0 {
        chunks.append(open)
        open = TextChunk(text: "", unitCount: 0)
      }
      if !open.text.isEmpty { open.text += " " }
      open.text += sentence.text
      open.unitCount += sentence.unitCount
    }
    if open.unitCount > 0 { chunks.append(open) }
    return chunks
  }

  /// Sentences, each of at most `unitsMax` units.
  private static func sentences(
    of text: String, by deadline: StageDeadline
  ) throws(StageError) -> [TextChunk] {
    var sentences: [TextChunk] = []
    var open = TextChunk(text: "", unitCount: 0)
    func close() {
      if open.unitCount > 0 { sentences.append(open) }
      open = TextChunk(text: "", unitCount: 0)
    }
    var rest = text[...]
    while let word = rest.popField(countMax: wordScalarsMax, until: \.properties.isWhitespace) {
      try deadline.check()
      if word.isEmpty { continue }
      for part in parts(of: word) {
        if open.unitCount + part.unitCount > unitsMax { close() }
        if !open.text.isEmpty { open.text += " " }
        open.text += part.text
        open.unitCount += part.unitCount
      }
      if let last = word.last, ".!?…。！？".contains(last) { close() }
    }
    close()
    return sentences
  }

  /// A word, or the pieces of a run without spaces that is too long for a chunk.
  private static func parts(of word: Substring) -> [TextChunk] {
    let units = unitCount(of: word)
    guard units > unitsMax else { return [TextChunk(text: String(word), unitCount: units)] }
    var parts: [TextChunk] = []
    var rest = word[...]
    while !rest.isEmpty {
      let piece = rest.prefix(unitsMax)
      parts.append(TextChunk(text: String(piece), unitCount: max(1, min(unitsMax, unitCount(of: piece)))))
      rest = rest.dropFirst(unitsMax)
    }
    return parts
  }

  /// One for a word, one for each character that is a word of its own.
  private static func unitCount(of word: Substring) -> Int {
    max(1, word.unicodeScalars.count { $0.isWrittenWithoutSpaces })
  }
}

extension Unicode.Scalar {
  /// Whether the scalar belongs to a script whose words are not divided by spaces.
  var isWrittenWithoutSpaces: Bool {
    switch value {
    case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3040...0x30FF, 0x3400...0x4DBF,
      0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2FA1F:
      true
    default: false
    }
  }
}

/// How many words a text has; a character of a script without spaces counts as one.
package func wordCount(of text: String) -> Int {
  text.split(whereSeparator: \.isWhitespace).reduce(0) { count, word in
    count + max(1, word.unicodeScalars.count { $0.isWrittenWithoutSpaces })
  }
}
