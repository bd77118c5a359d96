extension VectorValue {
  /// Reads a dense vector `[…]`, a multivector `[[…], …]` or a sparse vector `{indices, values}`.
  ///
  /// `expectedCount` is how many numbers to make room for.
  /// - Throws: status 400 for other forms, 422 for values that cannot stand together, 501 for objects to embed.
  package init(json reader: inout JSONReader, expectedCount: Int = 0) throws(RequestError) {
    if try reader.peek() == .object {
      self = try Self.sparse(json: &reader)
      return
    }
    let start = reader.mark()
    try reader.openArray()
    guard try reader.nextElement() else {
      self = .dense([])
      return
    }
    let isMulti = try reader.peek() == .array
    reader.rewind(to: start)
    if isMulti {
      self = try Self.multi(json: &reader)
    } else {
      var values: [Float] = []
      values.reserveCapacity(min(expectedCount, CollectionConfiguration.dimensionMax))
      try reader.readFloats(into: &values)
      // Room that was made in vain is given back, so that short vectors behind a long one cost what they are.
      self = .dense(values.count < values.capacity / 4 ? values.map { $0 } : values)
    }
  }

  private static func multi(json reader: inout JSONReader) throws(RequestError) -> VectorValue {
    var values: [Float] = []
    var dimension = 0
    try reader.openArray()
    while try reader.nextElement() {
      let start = values.count
      try reader.readFloats(into: &values)
      if start == 0 { dimension = values.count }
      guard dimension > 0, values.count - start == dimension else {
        throw .validation(
          "[vector: a multivector's part has \(values.count - start) values, must be \(max(dimension, 1)) as in the first]"
        )
      }
    }
    return .multi(dimension: dimension, values: values)
  }

  private static func sparse(json reader: inout JSONReader) throws(RequestError) -> VectorValue {
    var indices: [UInt32]?
    var values: [Float]?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "indices": indices = try Self.indices(json: &reader)
      case "values":
        var list: [Float] = []
        try reader.readFloats(into: &list)
        values = list
      case "text", "image", "object": throw .notImplemented("inference of `\(key)`")
      default: try reader.skipValue()
      }
    }
    return try sparse(
      unordered: try reader.required("indices", indices), values: try reader.required("values", values))
  }

  private static func indices(json reader: inout JSONReader) throws(RequestError) -> [UInt32] {
    var list: [UInt32] = []
    try reader.openArray()
    while try reader.nextElement() { list.append(try reader.readInteger(as: "u32")) }
    return list
  }

  /// A sparse vector from indices in any order.
  ///
  /// - Throws: status 422 when an index repeats or the counts differ.
  package static func sparse(unordered indices: [UInt32], values: [Float]) throws(RequestError) -> VectorValue
  {
    guard indices.count == values.count else {
      throw .validation("[values: \(values.count) values, must be as many as the \(indices.count) indices]")
    }
    if zip(indices, indices.dropFirst()).allSatisfy(<) {
      return .sparse(indices: indices, values: values)
    }
    let order = indices.indices.sorted { indices[$0] < indices[$1] }
    for (left, right) in zip(order, order.dropFirst()) where indices[left] == indices[right] {
      throw .validation("[indices: index \(indices[left]) repeats, must be unique]")
    }
    return .sparse(indices: order.map { indices[$0] }, values: order.map { values[$0] })
  }

  package func write(to writer: inout JSONWriter) {
    switch self {
    case .dense(let values):
      writer.numbers(values)
    case .packed(let vector):
      writer.numbers(vector.values)
    case .sparse(let indices, let values):
      writer.object { writer in
        writer.key("indices")
        writer.array(indices) { $0.integer($1) }
        writer.key("values")
        writer.numbers(values)
      }
    case .multi(let dimension, let values):
      writer.array { writer in
        for start in stride(from: 0, to: values.count, by: max(dimension, 1)) {
          writer.numbers(values[start..<(start + dimension)])
        }
      }
    }
  }
}
