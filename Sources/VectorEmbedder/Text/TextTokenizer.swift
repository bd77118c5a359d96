/// Turns a text into the numbers that a model was trained on, with its marks for begin and end.
package protocol TextTokenizer: Sendable {
  /// Ids are below it.
  var vocabularyCount: Int { get }

  /// At most `tokensMax` (at least 2) ids; a longer text is cut, its end mark stays.
  func encode(_ text: String, tokensMax: Int) -> [Int32]
}
