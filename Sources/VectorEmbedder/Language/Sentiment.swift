/// How an English text judges, by a lexicon of adjectives: the mean polarity of the words that it knows.
///
/// A word behind a negation counts −½, behind an intensifier as many times as that says (the rules of De Smedt and
/// Daelemans' Pattern, 2012). Other languages have no value.
package enum Sentiment {
  /// A longer run of letters is taken for several words, in Unicode scalars.
  private static let wordScalarsMax = 4096

  /// −1…1; nil for a text in another language and for one without a word of the lexicon.
  ///
  /// - Throws: when the deadline is over; it is looked at before each word.
  package static func polarity(
    of text: String, language: String?, by deadline: StageDeadline
  ) throws(StageError) -> Double? {
    guard language == "en" else { return nil }
    var sum = 0.0
    var count = 0
    var factor = 1.0
    var sinceNegation = Int.max
    var rest = text[...]
    while let field = rest.popField(countMax: wordScalarsMax, until: { !isOfWord($0) }) {
      try deadline.check()
      if field.isEmpty { continue }
      let word = field.lowercased()
      if sinceNegation < .max { sinceNegation += 1 }
      if negations.contains(word) || word.hasSuffix("n't") {
        sinceNegation = 0
      } else if let entry = SentimentLexicon.entries[word] {
        if entry.polarity != 0 {
          let isNegated = sinceNegation <= 3
          sum += max(-1, min(1, entry.polarity * factor * (isNegated ? -0.5 : 1)))
          count += 1
          sinceNegation = .max
        }
        factor = entry.intensity
      } else {
        factor = 1
      }
    }
    return count == 0 ? nil : max(-1, min(1, sum / Double(count)))
  }

  private static func isOfWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isAlphabetic || scalar.properties.isGraphemeExtend || scalar == "'" || scalar == "-"
  }

  private static let negations: Set<String> = ["no", "not", "never", "nor", "without", "cannot"]
}
