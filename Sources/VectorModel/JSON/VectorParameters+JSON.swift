extension VectorParameters {
  /// Reads `{size, distance, …}`; `field` is where it stands, for messages.
  init(_ field: String, json reader: inout JSONReader) throws(RequestError) {
    var dimension: Int?
    var distance: Distance?
    var rest = VectorParameters(dimension: 1, distance: .dot)
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      let name = "\(field).\(key)"
      switch key {
      case "size": dimension = try reader.readInt(name, in: 1...CollectionConfiguration.dimensionMax)
      case "distance": distance = try Distance(json: &reader)
      case "hnsw_config": rest.hnsw = try HNSWDifference(name, json: &reader)
      case "quantization_config": rest.quantization = try QuantizationCheck.read(name, json: &reader)
      case "on_disk": rest.onDisk = try reader.readBool()
      case "datatype": rest.datatype = try Datatype(name, json: &reader)
      case "multivector_config":
        try Self.readMultivector(name, json: &reader)
        rest.isMultivector = true
      case "memory": throw .notImplemented("`\(name)`")
      default: try reader.skipValue()
      }
    }
    self = rest
    self.dimension = try reader.required("size", dimension)
    self.distance = try reader.required("distance", distance)
  }

  private static func readMultivector(_ field: String, json reader: inout JSONReader) throws(RequestError) {
    var comparator: String?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      if key == "comparator" {
        comparator = try reader.readWord("\(field).comparator", ["max_sim": "max_sim"])
      } else {
        try reader.skipValue()
      }
    }
    _ = try reader.required("comparator", comparator)
  }

  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("size", dimension)
      writer.member("distance", distance.word)
      if !hnsw.isEmpty {
        writer.key("hnsw_config")
        hnsw.write(to: &writer)
      }
      writer.member("quantization_config", quantization)
      writer.member("on_disk", onDisk)
      writer.member("datatype", datatype?.rawValue)
      if isMultivector {
        writer.key("multivector_config")
        writer.object { $0.member("comparator", "max_sim") }
      }
    }
  }
}

extension VectorParameters.Datatype {
  fileprivate init(_ field: String, json reader: inout JSONReader) throws(RequestError) {
    self = try reader.readWord(
      field, ["float32": .float32, "uint8": .uint8, "float16": .float16], unbuilt: ["turbo4"])
  }
}

extension Distance {
  fileprivate init(json reader: inout JSONReader) throws(RequestError) {
    self = try reader.readWord(
      "distance",
      [
        "Cosine": .cosine, "Euclid": .euclid, "Dot": .dot, "Manhattan": .manhattan, "Hamming": .hamming,
        "Jaccard": .jaccard,
      ])
  }

  /// The distance's name in requests and answers.
  package var word: String {
    switch self {
    case .cosine: "Cosine"
    case .dot: "Dot"
    case .euclid: "Euclid"
    case .manhattan: "Manhattan"
    case .hamming: "Hamming"
    case .jaccard: "Jaccard"
    }
  }
}

extension NamedVectorParameters {
  /// Reads the body of `vectors/{name}`, `{dense: {size, distance, …}}`.
  ///
  /// - Throws: also status 501 for `{sparse: …}`.
  package init(name: String, json reader: inout JSONReader) throws(RequestError) {
    try Self.checkName(name)
    var parameters: VectorParameters?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "dense": parameters = try VectorParameters("dense", json: &reader)
      case "sparse": throw .notImplemented("`sparse` vectors added to a collection")
      default: try reader.skipValue()
      }
    }
    self.init(name: name, parameters: try reader.required("dense", parameters))
  }

  /// Reads `vectors`: the unnamed vector's parameters, or an object of named ones; ascending by the names' UTF-8.
  static func list(json reader: inout JSONReader) throws(RequestError) -> [NamedVectorParameters] {
    if try describesUnnamed(json: &reader) {
      return [NamedVectorParameters(name: "", parameters: try VectorParameters("vectors", json: &reader))]
    }
    var byName: [[UInt8]: NamedVectorParameters] = [:]
    try reader.openObject()
    while let name = try reader.nextKey() {
      try checkName(name)
      byName[Array(name.utf8)] = NamedVectorParameters(
        name: name, parameters: try VectorParameters("vectors.\(name)", json: &reader))
      try reader.checkCount("vectors", byName.count, atMost: CollectionConfiguration.vectorsMax)
    }
    if byName.count > 1, byName[[]] != nil {
      throw .validation("[vectors: the vector without a name must be the only one]")
    }
    return byName.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
  }

  static func checkName(_ name: String) throws(RequestError) {
    let limit = CollectionConfiguration.vectorNameBytesMax
    guard name.utf8.count <= limit else {
      throw .validation("[vectors: a name has \(name.utf8.count) bytes, the limit is \(limit)]")
    }
  }

  /// Whether the object has parameters itself, rather than vectors of these names.
  private static func describesUnnamed(json reader: inout JSONReader) throws(RequestError) -> Bool {
    try reader.lookAhead { (reader) throws(RequestError) in
      var isUnnamed = false
      try reader.openObject()
      while let key = try reader.nextKey() {
        if key == "size" || key == "distance", try reader.peek() != .object { isUnnamed = true }
        try reader.skipValue()
      }
      return isUnnamed
    }
  }

  /// Writes `vectors` as `list` reads it.
  static func write(_ vectors: [NamedVectorParameters], to writer: inout JSONWriter) {
    if vectors.count == 1, let only = vectors.first, only.name.isEmpty {
      only.parameters.write(to: &writer)
      return
    }
    writer.object { writer in
      for vector in vectors {
        writer.key(vector.name)
        vector.parameters.write(to: &writer)
      }
    }
  }
}

extension NamedSparseVectorParameters {
  /// Reads `sparse_vectors`; ascending by the names' UTF-8.
  static func list(json reader: inout JSONReader) throws(RequestError) -> [NamedSparseVectorParameters] {
    var byName: [[UInt8]: NamedSparseVectorParameters] = [:]
    try reader.openObject()
    while let name = try reader.nextKey() {
      try NamedVectorParameters.checkName(name)
      byName[Array(name.utf8)] = try NamedSparseVectorParameters(name: name, json: &reader)
      try reader.checkCount("sparse_vectors", byName.count, atMost: CollectionConfiguration.vectorsMax)
    }
    return byName.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
  }

  private init(name: String, json reader: inout JSONReader) throws(RequestError) {
    self.init(name: name, usesIDF: false, index: nil)
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "modifier": usesIDF = try reader.readWord("modifier", ["none": false, "idf": true])
      case "index":
        index = try reader.lookAhead { (reader) throws(RequestError) in try reader.readObjectValue() }
        try Self.checkIndex("sparse_vectors.\(name).index", json: &reader)
      default: try reader.skipValue()
      }
    }
  }

  private static func checkIndex(_ field: String, json reader: inout JSONReader) throws(RequestError) {
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "full_scan_threshold": _ = try reader.readInt("\(field).\(key)")
      case "on_disk": _ = try reader.readBool()
      case "datatype": _ = try VectorParameters.Datatype("\(field).\(key)", json: &reader)
      case "memory": throw .notImplemented("`\(field).\(key)`")
      default: try reader.skipValue()
      }
    }
  }

  /// Writes `sparse_vectors` as `list` reads it.
  static func write(_ vectors: [NamedSparseVectorParameters], to writer: inout JSONWriter) {
    writer.object { writer in
      for vector in vectors {
        writer.key(vector.name)
        writer.object { writer in
          writer.member("index", vector.index)
          if vector.usesIDF { writer.member("modifier", "idf") }
        }
      }
    }
  }
}
