import VectorModel

/// Text on screen, frame by frame, by tesseract as a program.
///
/// Each frame is read twice: as it is in grey, and thresholded to its brightest parts, which lifts white titles
/// off a busy background. A line that stands in several frames counts once.
package struct ScreenTextReader: Sendable {
  package var languages: String
  /// tesseract's own measure, 0…100.
  package var confidenceMin: Int
  package var timeLimit: Duration

  package static let program = "tesseract"
  /// What is brighter stays in the second pass.
  package static let brightnessMin: UInt8 = 200

  package init(languages: String, confidenceMin: Int, timeLimit: Duration) {
    self.languages = languages
    self.confidenceMin = confidenceMin
    self.timeLimit = timeLimit
  }

  package var cacheKey: String { "tesseract \(languages) \(confidenceMin) 1" }

  /// Both passes of a frame as portable greymaps (binary, `P5`).
  ///
  /// The second has black text on white, as tesseract expects; nil where nothing is bright.
  package static func passes(of frame: Frame) -> (gray: [UInt8], bright: [UInt8]?) {
    let header = Array("P5\n\(frame.width) \(frame.height)\n255\n".utf8)
    let luma = frame.luma
    let brightCount = luma.count { $0 > brightnessMin }
    let isUseful = brightCount > 30 && brightCount < luma.count / 2
    return (header + luma, isUseful ? header + luma.map { $0 > brightnessMin ? 0 : 255 } : nil)
  }

  /// Reads the pictures at `paths`, which are in the order of time.
  ///
  /// - Parameter listPath: a file that may be overwritten, for the list of pictures.
  /// - Returns: the lines, each once, in the order of their first appearance.
  package func read(_ paths: [String], listPath: String) async throws(StageError) -> [String] {
    guard !paths.isEmpty else { return [] }
    let deadline = StageDeadline(.screen, timeLimit)
    try Files.write(Array((paths.joined(separator: "\n") + "\n").utf8), to: listPath, stage: .screen)
    var child = ChildProcess(
      .screen, Self.program,
      [listPath, "stdout", "-l", languages, "--oem", "1", "--psm", "11", "tsv"], timeLimit: timeLimit)
    child.environment["OMP_THREAD_LIMIT"] = "1"
    let table = String(decoding: try await child.run(), as: UTF8.self)
    return try Self.lines(ofTable: table, confidenceMin: confidenceMin, by: deadline)
  }

  /// Reads tesseract's table: level, page, block, paragraph, line, word, four places, confidence, text.
  static func lines(
    ofTable table: String, confidenceMin: Int, by deadline: StageDeadline
  ) throws(StageError) -> [String] {
    var lines: [(place: [Substring], words: [String])] = []
    for row in table.split(whereSeparator: \.isNewline) {
      try deadline.check()
      let fields = row.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count >= 12, fields[0] == "5", let confidence = Double(fields[10]),
        confidence >= Double(confidenceMin)
      else { continue }
      let word = fields[11].filter { !$0.isWhitespace }
      guard isWord(word) else { continue }
      let place = Array(fields[1...4])
      if lines.last?.place == place {
        lines[lines.count - 1].words.append(word)
      } else {
        lines.append((place, [word]))
      }
    }
    return try merged(lines.map(\.words), by: deadline)
  }

  /// Whether it has a letter or digit and is not mostly signs; single Latin letters are usually noise.
  private static func isWord(_ word: String) -> Bool {
    let good = word.count { $0.isLetter || $0.isNumber }
    guard good * 2 > word.count else { return false }
    return good > 1 || word.unicodeScalars.contains(where: \.isWrittenWithoutSpaces)
      || word.allSatisfy { $0.isNumber || "aIAyeoiu".contains($0) }
  }

  /// Drops a line whose words all stand in one line that was read before; a longer reading replaces a shorter one.
  ///
  /// - Complexity: O(lines · lines that differ).
  private static func merged(
    _ lines: [[String]], by deadline: StageDeadline
  ) throws(StageError) -> [String] {
    var kept: [(words: [String], set: Set<String>)] = []
    for words in lines {
      try deadline.check()
      let set = Set(words.map { $0.lowercased().filter { $0.isLetter || $0.isNumber } })
      if kept.contains(where: { $0.set.isSuperset(of: set) }) { continue }
      if let place = kept.firstIndex(where: { $0.set.isSubset(of: set) }) {
        kept[place] = (words, set)
      } else {
        kept.append((words, set))
      }
    }
    return kept.map { $0.words.joined(separator: " ") }
  }
}
