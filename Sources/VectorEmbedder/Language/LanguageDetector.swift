import CLanguage

/// In which language a text is written.
package struct DetectedLanguage: Sendable, Equatable, Codable {
  /// ISO 639-1 where there is one: `en`, `zh`.
  package var code: String
  /// 0…1: the share of the text in it.
  package var confidence: Double
  /// `manifest`, `cld2` or `script`.
  package var source: String

  package init(code: String, confidence: Double, source: String) {
    self.code = code
    self.confidence = confidence
    self.source = source
  }
}

/// cld2 (Google's Compact Language Detector), and a rule on scripts for what it gets wrong on short texts.
package enum LanguageDetector {
  /// More of a text is not looked at.
  static let bytesMax = 1 << 16

  /// What the script alone tells.
  static func detectByScript(
    _ text: String, by deadline: StageDeadline
  ) throws(StageError) -> DetectedLanguage? {
    try languageByScript(of: text, by: deadline).map {
      DetectedLanguage(code: $0, confidence: 1, source: "script")
    }
  }

  /// The part of a text that is looked at.
  static func start(of text: String) -> String {
    var bytes = Array(text.utf8.prefix(bytesMax))
    // A cut character would not be UTF-8.
    while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
    if let last = bytes.last, last >= 0xC0 { bytes.removeLast() }
    bytes.removeAll { $0 == 0 }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What cld2 says about a text of at most `bytesMax` bytes; only an isolated process calls it.
  static func detectByCLD2(_ text: String) -> DetectedLanguage? {
    let bytes = Array(text.utf8.prefix(bytesMax))
    guard !bytes.isEmpty else { return nil }
    var code = [CChar](repeating: 0, count: 16)
    let share = unsafe bytes.withUnsafeBytes { buffer in
      unsafe language_detect(
        buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count, &code, code.count)
    }
    guard share > 0 else { return nil }
    return DetectedLanguage(code: normalized(String(cMessage: code)), confidence: share, source: "cld2")
  }

  /// Scripts that tell the language: kana, hangul, and Han without either.
  ///
  /// - Throws: when the deadline is over; it is looked at every 4096 letters.
  private static func languageByScript(
    of text: String, by deadline: StageDeadline
  ) throws(StageError) -> String? {
    try deadline.check()
    var kana = 0
    var hangul = 0
    var han = 0
    var letters = 0
    for scalar in text.unicodeScalars where scalar.properties.isAlphabetic {
      letters += 1
      if letters % 4096 == 0 { try deadline.check() }
      switch scalar.value {
      case 0x3040...0x30FF: kana += 1
      case 0xAC00...0xD7AF, 0x1100...0x11FF: hangul += 1
      case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2FA1F: han += 1
      default: break
      }
    }
    guard letters > 0, (kana + hangul + han) * 2 > letters else { return nil }
    if hangul * 2 > letters { return "ko" }
    return kana > 0 ? "ja" : "zh"
  }

  /// One code for one language, whatever tool or container names it.
  package static func normalized(_ code: String) -> String {
    let first = code.lowercased().split { $0 == "-" || $0 == "_" }.first.map(String.init) ?? ""
    return [
      "eng": "en", "spa": "es", "rus": "ru", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "ita": "it",
      "por": "pt", "zho": "zh", "chi": "zh", "jpn": "ja", "kor": "ko", "iw": "he", "nld": "nl", "dut": "nl",
      "pol": "pl", "ukr": "uk", "tur": "tr", "ara": "ar", "swe": "sv", "und": "",
    ][first] ?? first
  }
}
