/// Checks a `quantization_config`, which the model keeps as received.
enum QuantizationCheck {
  /// Reads `{scalar: {…}}`, `{binary: {…}}` or `{product: {…}}`.
  ///
  /// - Throws: status 400 for what is no quantization, 422 for values out of bounds, 501 for the kinds that are not
  ///   built yet.
  static func read(_ field: String, json reader: inout JSONReader) throws(RequestError) -> JSONValue {
    let value = try reader.lookAhead { (reader) throws(RequestError) in try reader.readObjectValue() }
    var kinds = 0
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "scalar":
        try readScalar("\(field).scalar", json: &reader)
        kinds += 1
      case "product":
        try readProduct("\(field).product", json: &reader)
        kinds += 1
      case "binary":
        try readBinary("\(field).binary", json: &reader)
        kinds += 1
      case "turbo": throw .notImplemented("`\(field).\(key)`")
      default: try reader.skipValue()
      }
    }
    guard kinds > 0 else {
      throw reader.error("`\(field)` has one of `scalar`, `product`, `binary`, `turbo`")
    }
    return value
  }

  /// Reads a quantization, or the word that turns quantization off.
  static func readChange(
    _ field: String, json reader: inout JSONReader
  ) throws(RequestError) -> Change<JSONValue> {
    guard try reader.peek() == .string else { return .set(try read(field, json: &reader)) }
    return try reader.readWord(field, ["Disabled": .remove])
  }

  private static func readProduct(_ field: String, json reader: inout JSONReader) throws(RequestError) {
    var compression: Int?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "compression":
        compression = try reader.readWord(
          "\(field).compression", ["x4": 4, "x8": 8, "x16": 16, "x32": 32, "x64": 64])
      case "always_ram": _ = try reader.readBool()
      case "memory": throw .notImplemented("`\(field).memory`")
      default: try reader.skipValue()
      }
    }
    _ = try reader.required("compression", compression)
  }

  private static func readBinary(_ field: String, json reader: inout JSONReader) throws(RequestError) {
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "encoding":
        _ = try reader.readWord(
          "\(field).encoding", ["one_bit": 1, "two_bits": 2, "one_and_half_bits": 3])
      case "query_encoding":
        _ = try reader.readWord(
          "\(field).query_encoding", ["default": 0, "binary": 1, "scalar4bits": 4, "scalar8bits": 8])
      case "always_ram": _ = try reader.readBool()
      case "memory": throw .notImplemented("`\(field).memory`")
      default: try reader.skipValue()
      }
    }
  }

  private static func readScalar(_ field: String, json reader: inout JSONReader) throws(RequestError) {
    var type: String?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "type": type = try reader.readWord("\(field).type", ["int8": "int8"])
      case "quantile": _ = try reader.readDouble("\(field).quantile", in: 0.5...1)
      case "always_ram": _ = try reader.readBool()
      case "memory": throw .notImplemented("`\(field).memory`")
      default: try reader.skipValue()
      }
    }
    _ = try reader.required("type", type)
  }
}
