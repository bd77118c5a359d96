/// The spoken words of a subtitle file, without times, marks and repetitions.
package enum SubtitleText {
  package enum Format: String, Sendable { case srt, vtt, txt }

  /// Larger files are refused.
  package static let fileBytesMax = 16 << 20

  /// Reads SubRip or WebVTT by the same rules: cues are blocks with a line of times; what stands before it is a
  /// number or a name. Blocks without such a line (headers, notes, styles) hold no speech. Plain text stays.
  ///
  /// - Complexity: O(length).
  package static func words(of text: String, format: Format) -> String {
    if format == .txt { return text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
    var lines: [String] = []
    for cue in cues(of: text) {
      for line in cue {
        let plain = plainText(line)
        // Rolling captions show each line twice or three times.
        if !plain.isEmpty, lines.suffix(2).allSatisfy({ $0 != plain }) { lines.append(plain) }
      }
    }
    return lines.joined(separator: " ")
  }

  /// The lines of text of each cue.
  static func cues(of text: String) -> [[Substring]] {
    var cues: [[Substring]] = []
    var isInCue = false
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      let isBlank = line.allSatisfy(\.isWhitespace)
      if line.contains("-->") {
        isInCue = true
        cues.append([])
      } else if isBlank {
        isInCue = false
      } else if isInCue {
        cues[cues.count - 1].append(line)
      }
    }
    return cues
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
