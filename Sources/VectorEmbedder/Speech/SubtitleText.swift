/// The spoken words of a subtitle file, without times, marks and repetitions.
package enum SubtitleText {
  package enum Format: String, Sendable { case srt, vtt, txt }

  /// Larger files are refused.
  package static let fileBytesMax = 16 << 20
  /// A longer line is taken for several, in Unicode scalars.
  static let lineScalarsMax = 1 << 16

  /// Reads SubRip or WebVTT by the same rules: cues are blocks with a line of times; what stands before it is a
  /// number or a name. Blocks without such a line (headers, notes, styles) hold no speech. Plain text stays.
  ///
  /// - Throws: when the deadline is over; it is looked at before each line.
  /// - Complexity: O(length).
  package static func words(
    of text: String, format: Format, by deadline: StageDeadline
  ) throws(StageError) -> String {
    var lines: [String] = []
    var isInCue = false
    var rest = text[...]
    while let line = rest.popField(countMax: lineScalarsMax, until: \.isLineEnd) {
      try deadline.check()
      if format == .txt {
        let plain = line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if !plain.isEmpty { lines.append(plain) }
      } else if line.contains("-->") {
        isInCue = true
      } else if line.allSatisfy(\.isWhitespace) {
        isInCue = false
      } else if isInCue {
        let plain = plainText(line)
        // Rolling captions show each line twice or three times.
        if !plain.isEmpty, lines.suffix(2).allSatisfy({ $0 != plain }) { lines.append(plain) }
      }
    }
    return lines.joined(separator: " ")
  }

  /// A line without `<i>`, `{\an8}`, `[MUSIC]`, `(applause)` in brackets of sound, `♪`, and entities decoded.
  static func plainText(_ line: some StringProtocol) -> String {
    var plain = ""
    var closing: [Character] = []
    for character in line {
      switch character {
      case "<": closing.append(">")
      case "[": closing.append("]")
      case "{": closing.append("}")
      case "♪", "♫", "\u{FEFF}": continue
      default:
        if character == closing.last {
          closing.removeLast()
        } else if closing.isEmpty {
          plain.append(character)
        }
      }
    }
    // A bracket that nothing closes is text.
    if !closing.isEmpty { plain = String(line) }
    for (entity, character) in [
      ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&lrm;", ""), ("&rlm;", ""),
      ("\\N", " "), ("\\n", " "), ("\\h", " "),
    ] {
      plain = plain.replacing(entity, with: character)
    }
    return plain.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
