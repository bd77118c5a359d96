extension PayloadSelection {
  /// Reads a boolean, a list of paths, `{include: […]}` or `{exclude: […]}`.
  package init(json reader: inout JSONReader) throws(RequestError) {
    switch try reader.peek() {
    case .bool: self = try reader.readBool() ? .all : .none
    case .array: self = .include(try reader.readPaths("with_payload"))
    case .object:
      var selection: PayloadSelection?
      try reader.openObject()
      while let key = try reader.nextPresentKey() {
        switch key {
        case "include": selection = .include(try reader.readPaths("with_payload.include"))
        case "exclude": selection = .exclude(try reader.readPaths("with_payload.exclude"))
        default: throw reader.unknownKey(key, in: "with_payload", expected: "`include` or `exclude`")
        }
      }
      self = try reader.required("include", selection)
    default: throw reader.typeError(expected: "a boolean, a list of payload keys, `include` or `exclude`")
    }
  }
}

extension VectorSelection {
  /// Reads a boolean or a list of vector names.
  package init(json reader: inout JSONReader) throws(RequestError) {
    switch try reader.peek() {
    case .bool: self = try reader.readBool() ? .all : .none
    case .array:
      self = .named(try reader.readStrings("with_vector", atMost: CollectionConfiguration.vectorsMax))
    default: throw reader.typeError(expected: "a boolean or a list of vector names")
    }
  }
}
