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
        let payload = try view.payload(of: slot)
        found.formUnion(try Self.strings(at: path, in: payload))
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

  private static func strings(at path: PayloadPath, in payload: [UInt8]) throws(RequestError) -> [String] {
    guard let selected = try PayloadDocument.selecting(.include([path]), from: payload) else { return [] }
    return strings(in: try JSONValue(parsing: selected))
  }

  private static func strings(in value: JSONValue) -> [String] {
    switch value {
    case .string(let text): [text]
    case .array(let elements): elements.flatMap(strings)
    case .object(let members): members.flatMap { strings(in: $0.value) }
    default: []
    }
  }
}
