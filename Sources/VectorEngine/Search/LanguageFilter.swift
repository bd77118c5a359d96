import VectorModel

/// The language pre-filter: a collection may name its language field in its metadata (`language_field`), and
/// then a recommendation keeps to the languages of its positive examples.
struct LanguageFilter {
  /// The languages kept; empty keeps all.
  let languages: [String]
  private let path: PayloadPath?

  /// - Parameters:
  ///   - choice: `any` turns the filter off; a list takes the place of the examples' languages.
  ///   - positiveIDs: the positive examples that are points of the collection.
  init(_ choice: LanguageChoice, positiveIDs: [PointID], view: View) throws(RequestError) {
    guard let field = view.state.configuration.languageField else {
      (path, languages) = (nil, [])
      return
    }
    let path = try PayloadPath(field)
    self.path = path
    switch choice {
    case .any: languages = []
    case .these(let given): languages = Array(Set(given)).sorted()
    case .ofExamples:
      var found: Set<String> = []
      for id in positiveIDs {
        guard let slot = view.state.points.slot(of: id) else { continue }
        let values = try PayloadDocument.leaves(at: path, in: try view.payload(of: slot))
        for case .string(let language) in values { found.insert(language) }
      }
      languages = found.sorted()
    }
  }

  /// `filter` and the languages.
  func joined(to filter: Filter?) -> Filter? {
    guard let path, !languages.isEmpty else { return filter }
    var result = filter ?? Filter()
    result.must.append(
      .field(FieldCondition(path, match: .anyString(Set(languages.map { ExactString($0) })))))
    return result
  }
}
