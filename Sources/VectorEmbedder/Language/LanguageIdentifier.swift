/// In which language a text is written: the script where it tells, else cld2 in an isolated process.
package struct LanguageIdentifier: Sendable {
  private let pool: IsolatedPool

  /// - Parameter timeLimit: for starting a process.
  init(processesMax: Int, timeLimit: Duration) {
    pool = IsolatedPool(.language, processesMax: processesMax, timeLimit: timeLimit)
  }

  /// The language of a text; nil where it cannot be told.
  package func identify(_ text: String, by deadline: StageDeadline) async throws(StageError)
    -> DetectedLanguage?
  {
    if let known = try LanguageDetector.detectByScript(text, by: deadline) {
      return known
    }
    let start = LanguageDetector.start(of: text)
    if start.isEmpty { return nil }
    guard
      case .language(let found) = try await pool.ask(
        .language(start), stage: .language, timeLimit: deadline.remaining
      ).head
    else {
      throw StageError(.language, "the process of this stage gave another answer than asked for")
    }
    return found
  }
}
