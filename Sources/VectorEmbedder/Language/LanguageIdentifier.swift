/// In which language a text is written: the script where it tells, else cld2 in an isolated process.
package struct LanguageIdentifier: Sendable {
  private let pool: IsolatedPool

  /// - Parameter timeLimit: for one text.
  init(processesMax: Int, timeLimit: Duration) {
    pool = IsolatedPool(.language, processesMax: processesMax, timeLimit: timeLimit)
  }

  /// The language of a text; nil where it cannot be told.
  package func identify(_ text: String) async throws(StageError) -> DetectedLanguage? {
    if let known = LanguageDetector.detectByScript(text) { return known }
    let start = LanguageDetector.start(of: text)
    if start.isEmpty { return nil }
    guard case .language(let found) = try await pool.ask(.language(start), stage: .language).head else {
      throw StageError(.language, "the process of this stage gave another answer than asked for")
    }
    return found
  }
}
