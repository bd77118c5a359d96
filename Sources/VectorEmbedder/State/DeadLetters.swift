package import FoundationEssentials

/// Files that gave no point, or not all of it, for a person to read: one JSON object a line.
package struct DeadLetters: Sendable {
  package struct Letter: Sendable, Equatable, Codable {
    package var time: Date
    package var path: String
    package var stage: Stage
    package var reason: String
    package var stderr: String
    package var attempts: Int
  }

  private let file: AppendOnlyFile

  package init(path: String) throws(StageError) { file = try AppendOnlyFile(path, cutTo: nil) }

  package func append(_ error: StageError, path: String, attempts: Int) throws(StageError) {
    let letter = Letter(
      time: Date(), path: path, stage: error.stage, reason: error.reason, stderr: error.standardErrorTail,
      attempts: attempts)
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(letter) else { return }
    try file.append(line: Array(data))
  }
}
