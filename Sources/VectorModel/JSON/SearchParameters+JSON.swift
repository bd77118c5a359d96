extension SearchParameters {
  /// Reads `params`; `language` and `explain` are keys of ours.
  ///
  /// `acorn` is checked and then has no effect: the planner chooses that traversal by itself.
  package init(json reader: inout JSONReader) throws(RequestError) {
    self.init()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "hnsw_ef": ef = try reader.readInt("params.hnsw_ef", in: 1...HNSWConfiguration.efMax)
      case "exact": isExact = try reader.readBool()
      case "indexed_only": indexedOnly = try reader.readBool()
      case "quantization": try readQuantization(json: &reader)
      case "acorn": try Self.checkACORN(json: &reader)
      case "idf": throw .notImplemented("`params.idf`")
      case "language": language = try LanguageChoice(json: &reader)
      case "explain": explain = try reader.readBool()
      default: try reader.skipValue()
      }
    }
  }

  private mutating func readQuantization(json reader: inout JSONReader) throws(RequestError) {
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "ignore": ignoreQuantization = try reader.readBool()
      case "rescore": rescore = try reader.readBool()
      case "oversampling":
        oversampling = try reader.readDouble(
          "params.quantization.oversampling", in: 1...Double.greatestFiniteMagnitude)
      default: try reader.skipValue()
      }
    }
  }

  private static func checkACORN(json reader: inout JSONReader) throws(RequestError) {
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "enable": _ = try reader.readBool()
      case "max_selectivity": _ = try reader.readDouble("params.acorn.max_selectivity", in: 0...1)
      default: try reader.skipValue()
      }
    }
  }
}

extension LanguageChoice {
  /// How many languages one request may name.
  package static let languagesMax = 256

  /// Reads `"any"`, one language, or a list of languages.
  fileprivate init(json reader: inout JSONReader) throws(RequestError) {
    switch try reader.peek() {
    case .string:
      let language = try reader.readString()
      self = language == "any" ? .any : .these([language])
    case .array: self = .these(try reader.readStrings("params.language", atMost: Self.languagesMax))
    default: throw reader.typeError(expected: "\"any\", a language or a list of languages")
    }
  }
}
