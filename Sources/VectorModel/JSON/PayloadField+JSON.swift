extension PayloadField {
  /// Reads the body of `index`: `{field_name, field_schema}`.
  ///
  /// - Throws: status 400 for a name that is no payload path or a schema that is none, 501 for options not built yet.
  package init(json reader: inout JSONReader) throws(RequestError) {
    var path: String?
    var schema: PayloadField?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "field_name":
        let name = try reader.readString()
        _ = try PayloadPath(name)
        path = name
      case "field_schema", "field_type": schema = try PayloadField(path: "", schemaJSON: &reader)
      default: try reader.skipValue()
      }
    }
    self = try reader.required("field_schema", schema)
    self.path = try reader.required("field_name", path)
  }

  /// Reads a type's name, or an object with a type and its options.
  init(path: String, schemaJSON reader: inout JSONReader) throws(RequestError) {
    if try reader.peek() == .string {
      self.init(path: path, type: try PayloadFieldType(json: &reader))
      return
    }
    let options = try reader.lookAhead { (reader) throws(RequestError) in try reader.readObjectValue() }
    var type: PayloadFieldType?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "type": type = try PayloadFieldType(json: &reader)
      case "is_tenant", "is_principal", "on_disk", "enable_hnsw", "prefix", "lookup", "range", "lowercase",
        "ascii_folding", "phrase_matching":
        _ = try reader.readBool()
      case "min_token_len", "max_token_len": _ = try reader.readInt("field_schema.\(key)")
      case "memory": throw .notImplemented("`field_schema.memory`")
      default: try reader.skipValue()
      }
    }
    self.init(path: path, type: try reader.required("type", type), options: options)
  }

  /// Writes the schema as it was received.
  func writeSchema(to writer: inout JSONWriter) {
    if let options { options.write(to: &writer) } else { writer.string(type.name) }
  }
}

extension PayloadFieldType {
  fileprivate init(json reader: inout JSONReader) throws(RequestError) {
    let name = try reader.readString()
    guard let type = PayloadFieldType(name: name) else {
      throw reader.unknownWord(name, expected: Self.allCases.map(\.name))
    }
    self = type
  }
}
