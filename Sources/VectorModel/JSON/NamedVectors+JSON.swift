extension NamedVectors {
  /// Reads what a point's `vector` may be: the unnamed vector alone, or an object of named vectors.
  ///
  /// `expectedCount` is how many numbers to make room for in each vector.
  /// - Throws: status 400 for other forms, 422 for too many names, 501 for objects to embed.
  package init(json reader: inout JSONReader, expectedCount: Int = 0) throws(RequestError) {
    guard try reader.peek() == .object else {
      self.init(unnamed: try VectorValue(json: &reader, expectedCount: expectedCount))
      return
    }
    self.init()
    try reader.openObject()
    while let name = try reader.nextKey() {
      if try reader.peek() == .string, name == "text" || name == "model" || name == "image" {
        throw .notImplemented("inference of `\(name)`")
      }
      self[name] = try VectorValue(json: &reader, expectedCount: expectedCount)
      try reader.checkCount("vector", entries.count, atMost: CollectionConfiguration.vectorsMax)
    }
  }

  /// How many numbers the largest vector has, as an expectation for the next point.
  var countMax: Int {
    entries.reduce(0) { count, entry in
      switch entry.value {
      case .dense(let values), .sparse(_, let values), .multi(_, let values): max(count, values.count)
      case .packed(let vector): max(count, vector.dimension)
      }
    }
  }

  /// Writes the unnamed vector alone as such, and an object of named vectors otherwise.
  package func write(to writer: inout JSONWriter) {
    if entries.count == 1, let only = entries.first, only.name.isEmpty {
      only.value.write(to: &writer)
      return
    }
    writer.object { writer in
      for entry in entries {
        writer.key(entry.name)
        entry.value.write(to: &writer)
      }
    }
  }
}
