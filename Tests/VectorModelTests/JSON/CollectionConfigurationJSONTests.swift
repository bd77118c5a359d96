import Testing
import VectorModel

@Suite struct CollectionConfigurationJSONTests {
  private let create: BodyDecoder<CollectionConfiguration> = { (reader) throws(RequestError) in
    try CollectionConfiguration(json: &reader)
  }
  private let update: BodyDecoder<CollectionUpdate> = { (reader) throws(RequestError) in
    try CollectionUpdate(json: &reader)
  }

  /// A body that sets every key.
  static let everything = #"""
    {"vectors": {
        "img": {"size": 768, "distance": "Dot", "on_disk": true, "datatype": "float16",
          "hnsw_config": {"m": 8, "payload_m": 4}, "quantization_config": {"scalar": {"type": "int8", "quantile": 0.99}}},
        "chunks": {"size": 4, "distance": "Manhattan", "multivector_config": {"comparator": "max_sim"}}},
     "sparse_vectors": {"terms": {"modifier": "idf", "index": {"on_disk": true, "full_scan_threshold": 10}}, "a": {}},
     "shard_number": 1, "sharding_method": "auto", "replication_factor": 2, "write_consistency_factor": 3, "on_disk_payload": false,
     "hnsw_config": {"m": 32, "ef_construct": 200, "full_scan_threshold": 20, "max_indexing_threads": 2, "on_disk": false,
        "payload_m": 0, "inline_storage": true},
     "wal_config": {"wal_capacity_mb": 64, "wal_segments_ahead": 1, "wal_retain_closed": 3},
     "optimizers_config": {"deleted_threshold": 0.5, "vacuum_min_vector_number": 200, "default_segment_number": 4,
        "max_segment_size": 1000, "memmap_threshold": 2000, "indexing_threshold": 0, "flush_interval_sec": 9,
        "max_optimization_threads": 2, "prevent_unoptimized": true},
     "quantization_config": {"scalar": {"type": "int8", "always_ram": true}},
     "strict_mode_config": {"enabled": true, "max_query_limit": 100, "search_max_oversampling": 2.5},
     "metadata": {"language_field": "lang", "größe": [1, 2.0, null]}, "unknown": {"x": [1]}}
    """#

  @Test func theSmallestBodyHasQdrantsDefaults() throws {
    let configuration = try read(#"{"vectors":{"size":4,"distance":"Cosine"}}"#, create)
    #expect(
      configuration
        == CollectionConfiguration(vectors: [
          NamedVectorParameters(name: "", parameters: VectorParameters(dimension: 4, distance: .cosine))
        ]))
    #expect(try read("{}", create).vectors.isEmpty)
    #expect(try read(#"{"vectors":{}}"#, create).vectors.isEmpty)
  }

  @Test func everyKeyIsRead() throws {
    let configuration = try read(Self.everything, create)
    #expect(configuration.vectors.map(\.name) == ["chunks", "img"])
    let image = try #require(configuration.vector(named: "img"))
    #expect(
      image.dimension == 768 && image.distance == .dot && image.onDisk == true && image.datatype == .float16)
    #expect(image.hnsw.m == 8 && image.hnsw.payloadM == 4 && image.hnsw.efConstruction == nil)
    #expect(image.quantization?["scalar"]?["quantile"] == .double(0.99))
    #expect(configuration.vector(named: "chunks")?.isMultivector == true)
    #expect(configuration.sparseVectors.map(\.name) == ["a", "terms"])
    #expect(configuration.sparseVectors.map(\.usesIDF) == [false, true])
    #expect(configuration.sparseVectors[1].index?["on_disk"] == .bool(true))
    #expect(configuration.hnsw.m == 32 && configuration.hnsw.efConstruction == 200)
    #expect(configuration.hnsw.inlineStorage == true && configuration.hnsw.payloadM == 0)
    #expect(configuration.wal.capacityMegabytes == 64 && configuration.wal.retainClosed == 3)
    #expect(
      configuration.optimizers.indexingThreshold == 0 && configuration.optimizers.maxOptimizationThreads == 2)
    #expect(
      configuration.optimizers.preventUnoptimized == true && configuration.optimizers.deletedThreshold == 0.5)
    #expect(configuration.replicationFactor == 2 && configuration.writeConsistencyFactor == 3)
    #expect(!configuration.onDiskPayload && configuration.languageField == "lang")
    #expect(configuration.strictMode?["max_query_limit"] == .integer(100))
  }

  @Test func vectorsMayBeNamedLikeParameters() throws {
    let text = #"{"vectors":{"size":{"size":2,"distance":"Dot"},"distance":{"size":3,"distance":"Euclid"}}}"#
    #expect(try read(text, create).vectors.map(\.parameters.dimension) == [3, 2])
  }

  @Test func badBodiesAreNamed() {
    func expect(
      _ text: String, _ code: RequestError.Code, _ word: String, at line: SourceLocation = #_sourceLocation
    ) {
      expectRefusal(text, code, word, by: create, sourceLocation: line)
    }
    expect(
      #"{"vectors":{"size":0,"distance":"Dot"}}"#, .validation,
      "vectors.size: value 0 invalid, must be from 1 to 65536")
    expect(#"{"vectors":{"size":65537,"distance":"Dot"}}"#, .validation, "vectors.size: value 65537")
    expect(#"{"vectors":{"a":{"size":0,"distance":"Dot"}}}"#, .validation, "vectors.a.size: value 0")
    expect(#"{"vectors":{"size":4}}"#, .badRequest, "missing field `distance`")
    expect(#"{"vectors":{"distance":"Dot"}}"#, .badRequest, "missing field `size`")
    expect(#"{"vectors":{"size":4,"distance":"cosine"}}"#, .badRequest, "unknown variant `cosine`")
    expect(#"{"vectors":{"size":-4,"distance":"Dot"}}"#, .badRequest, "integer `-4`")
    expect(#"{"vectors":{"size":4,"distance":"Dot","datatype":"turbo4"}}"#, .notImplemented, "turbo4")
    expect(#"{"vectors":{"size":4,"distance":"Dot","memory":"cold"}}"#, .notImplemented, "vectors.memory")
    expect(
      #"{"vectors":{"":{"size":4,"distance":"Dot"},"a":{"size":4,"distance":"Dot"}}}"#, .validation,
      "without a name")
    let name = String(repeating: "n", count: 201)
    expect(
      #"{"vectors":{"\#(name)":{"size":4,"distance":"Dot"}}}"#, .validation, "201 bytes, the limit is 200")
    expect(#"{"hnsw_config":{"ef_construct":3}}"#, .validation, "hnsw_config.ef_construct: value 3")
    expect(
      #"{"hnsw_config":{"m":513}}"#, .validation, "hnsw_config.m: value 513 invalid, must be from 0 to 512")
    expect(
      #"{"hnsw_config":{"full_scan_threshold":9}}"#, .validation, "value 9 invalid, must be 10 or larger")
    expect(#"{"optimizers_config":{"deleted_threshold":1.5}}"#, .validation, "deleted_threshold: value 1.5")
    expect(#"{"optimizers_config":{"max_optimization_threads":"few"}}"#, .badRequest, "unknown variant `few`")
    expect(#"{"wal_config":{"wal_capacity_mb":0}}"#, .validation, "wal_capacity_mb: value 0")
    expect(#"{"quantization_config":{}}"#, .badRequest, "`scalar`, `product`, `binary`, `turbo`")
    expect(#"{"quantization_config":{"product":{"compression":"x5"}}}"#, .badRequest, "unknown variant `x5`")
    expect(#"{"quantization_config":{"product":{}}}"#, .badRequest, "missing field `compression`")
    expect(#"{"quantization_config":{"binary":{"encoding":"no_bit"}}}"#, .badRequest, "`no_bit`")
    expect(#"{"quantization_config":{"turbo":{}}}"#, .notImplemented, "quantization_config.turbo")
    expect(#"{"quantization_config":{"scalar":{}}}"#, .badRequest, "missing field `type`")
    expect(
      #"{"quantization_config":{"scalar":{"type":"int8","quantile":0.1}}}"#, .validation,
      "quantile: value 0.1")
    expect(#"{"shard_number":2}"#, .notImplemented, "shard_number")
    expect(#"{"sharding_method":"custom"}"#, .notImplemented, "custom")
    expect(#"{"payload":{"memory":"cold"}}"#, .notImplemented, "payload")
    expect(#"{"strict_mode_config":{"max_query_limit":0}}"#, .validation, "max_query_limit: value 0")
    expect(#"{"strict_mode_config":{"enabled":1}}"#, .badRequest, "a boolean")
    expect(#"{"metadata":[1]}"#, .badRequest, "expected an object")
    expect(#"{"sparse_vectors":{"a":{"modifier":"bm25"}}}"#, .badRequest, "unknown variant `bm25`")
  }

  @Test func quantizationsAreShownAsTheyWereSaid() throws {
    for kind in [
      #"{"scalar":{"type":"int8","quantile":0.99,"always_ram":true}}"#,
      #"{"binary":{"always_ram":false,"encoding":"two_bits","query_encoding":"scalar8bits"}}"#,
      #"{"product":{"compression":"x16","always_ram":true}}"#,
    ] {
      let configuration = try read(
        "{\"vectors\":{\"size\":4,\"distance\":\"Dot\"},\"quantization_config\":\(kind)}", create)
      #expect(configuration.quantization == (try JSONValue(parsing: Array(kind.utf8))))
      #expect(try CollectionConfiguration(document: configuration.document()) == configuration)
      let parameters = try #require(configuration.vector(named: ""))
      #expect(kind.contains("\"\(try #require(configuration.quantizationKind(of: parameters)))\""))
    }
  }

  @Test func theRecordsDocumentReadsBackAsItself() throws {
    var configurations = [
      try read(Self.everything, create), try read("{}", create),
      try read(#"{"vectors":{"size":4,"distance":"Cosine","on_disk":false}}"#, create),
    ]
    configurations[2].optimizers.indexingThreshold = nil
    configurations[0].payloadSchema = [
      PayloadField(path: "b.c[]", type: .keyword),
      PayloadField(
        path: "a", type: .integer,
        options: .object([
          .init(key: "type", value: .string("integer")), .init(key: "range", value: .bool(false)),
        ])),
    ]
    for configuration in configurations {
      let document = configuration.document()
      #expect(ReferenceValidator.accepts(document))
      #expect(try CollectionConfiguration(document: document) == configuration)
    }
    #expect(throws: RequestError.self) { try CollectionConfiguration(document: Array("{".utf8)) }
  }

  @Test func updatesHoldWhatTheyChange() throws {
    let change = try read(
      #"""
      {"vectors": {"": {"hnsw_config": {"m": 4}, "on_disk": true}, "a": {"quantization_config": "Disabled"}},
       "optimizers_config": {"indexing_threshold": 5}, "params": {"replication_factor": 2, "on_disk_payload": true},
       "hnsw_config": {"ef_construct": 300}, "quantization_config": {"scalar": {"type": "int8"}},
       "strict_mode_config": {"enabled": false}, "metadata": {"a": null}}
      """#, update)
    #expect(change.vectors.map(\.name) == ["", "a"])
    #expect(change.vectors[0].hnsw?.m == 4 && change.vectors[0].onDisk == true)
    #expect(change.vectors[1].quantization == .remove && change.vectors[0].quantization == nil)
    #expect(change.optimizers?.indexingThreshold == 5 && change.hnsw?.efConstruction == 300)
    #expect(
      change.replicationFactor == 2 && change.onDiskPayload == true && change.writeConsistencyFactor == nil)
    #expect(
      change.quantization
        == .set(.object([.init(key: "scalar", value: .object([.init(key: "type", value: .string("int8"))]))]))
    )
    #expect(change.metadata == .object([.init(key: "a", value: .null)]))
    #expect(try read("{}", update) == CollectionUpdate())
    #expect(try read(#"{"quantization_config":"Disabled"}"#, update).quantization == .remove)
    expectRefusal(#"{"quantization_config":"off"}"#, .badRequest, "expected `Disabled`", by: update)
    expectRefusal(#"{"sparse_vectors":{}}"#, .notImplemented, "sparse_vectors", by: update)
    expectRefusal(
      #"{"params":{"read_fan_out_factor":2}}"#, .notImplemented, "read_fan_out_factor", by: update)
  }

  @Test func payloadIndexes() throws {
    let decoder: BodyDecoder<PayloadField> = { (reader) throws(RequestError) in
      try PayloadField(json: &reader)
    }
    #expect(
      try read(#"{"field_name":"a.b","field_schema":"keyword"}"#, decoder)
        == PayloadField(path: "a.b", type: .keyword))
    let options = #"{"type":"integer","lookup":true,"range":false}"#
    let field = try read(#"{"field_schema":\#(options),"field_name":"n"}"#, decoder)
    let received = try JSONValue(parsing: Array(options.utf8))
    #expect(field.type == .integer && field.options == received)
    expectRefusal(#"{"field_name":"a"}"#, .badRequest, "missing field `field_schema`", by: decoder)
    expectRefusal(#"{"field_schema":"bool"}"#, .badRequest, "missing field `field_name`", by: decoder)
    expectRefusal(
      #"{"field_name":"a","field_schema":"string"}"#, .badRequest, "unknown variant `string`", by: decoder)
    expectRefusal(#"{"field_name":"a[","field_schema":"bool"}"#, .badRequest, "a[", by: decoder)
    expectRefusal(
      #"{"field_name":"a","field_schema":{"type":"integer","range":1}}"#, .badRequest, "a boolean",
      by: decoder)
    expectRefusal(
      #"{"field_name":"a","field_schema":{"lookup":true}}"#, .badRequest, "missing field `type`", by: decoder)
  }

  @Test func vectorsAddedLater() throws {
    let decoder: BodyDecoder<NamedVectorParameters> = { (reader) throws(RequestError) in
      try NamedVectorParameters(name: "v", json: &reader)
    }
    let vector = try read(#"{"dense":{"size":3,"distance":"Euclid"}}"#, decoder)
    #expect(vector.name == "v" && vector.parameters == VectorParameters(dimension: 3, distance: .euclid))
    expectRefusal(#"{"sparse":{}}"#, .notImplemented, "sparse", by: decoder)
    expectRefusal("{}", .badRequest, "missing field `dense`", by: decoder)
  }

  @Test func noBytesMakeThemTrap() {
    damageEverywhere(Self.everything, create)
    damageEverywhere(
      #"{"vectors":{"":{"hnsw_config":{"m":4}}},"quantization_config":"Disabled","params":{}}"#, update)
    damageEverywhere(#"{"field_name":"a","field_schema":{"type":"text","min_token_len":2}}"#) {
      (reader) throws(RequestError) in try PayloadField(json: &reader)
    }
  }
}
