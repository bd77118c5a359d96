import Testing
import VectorModel

@Suite struct ResponseJSONTests {
  private func text(_ result: Response.Result, sourceLocation: SourceLocation = #_sourceLocation) -> String {
    var writer = JSONWriter()
    result.write(to: &writer)
    #expect(ReferenceValidator.accepts(writer.bytes), sourceLocation: sourceLocation)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  private let uuid = UUID128(high: 0x6f96_19ff_8b86_d011, low: 0xb42d_00cf_4fc9_64ff)

  @Test func smallResults() {
    #expect(text(.exists(false)) == #"{"exists":false}"#)
    #expect(text(.collections(["a", "b\""])) == #"{"collections":[{"name":"a"},{"name":"b\""}]}"#)
    #expect(
      text(.aliases([Alias(alias: "a", collection: "c")]))
        == #"{"aliases":[{"alias_name":"a","collection_name":"c"}]}"#)
    let update = UpdateResult(operationID: .max, status: .completed)
    #expect(text(.update(update)) == #"{"operation_id":18446744073709551615,"status":"completed"}"#)
    #expect(
      text(
        .updates([
          UpdateResult(operationID: 1, status: .acknowledged),
          UpdateResult(operationID: 2, status: .waitTimeout),
        ]))
        == #"[{"operation_id":1,"status":"acknowledged"},{"operation_id":2,"status":"wait_timeout"}]"#)
    #expect(
      text(.facet([FacetHit(value: .string("x"), count: 2), FacetHit(value: .bool(true), count: 1)]))
        == #"{"hits":[{"value":"x","count":2},{"value":true,"count":1}]}"#)
  }

  @Test func recordsCarryWhatWasAskedFor() {
    #expect(text(.record(PointRecord(id: .number(1)))) == #"{"id":1}"#)
    let full = PointRecord(
      id: .uuid(uuid), payload: Array(#"{"a": 1}"#.utf8), vectors: NamedVectors(unnamed: .dense([0.5, -1])),
      orderValue: .integer(7))
    #expect(
      text(.records([full]))
        == #"[{"id":"6f9619ff-8b86-d011-b42d-00cf4fc964ff","payload":{"a": 1},"vector":[0.5,-1.0],"order_value":7}]"#
    )
    let named = NamedVectors([
      .init(name: "s", value: .sparse(indices: [1, 4], values: [0.5, 1])),
      .init(name: "m", value: .multi(dimension: 2, values: [1, 2, 3, 4])),
    ])
    #expect(
      text(.scroll([PointRecord(id: .number(2), payload: [], vectors: named)], nextPageOffset: .number(3)))
        == #"{"points":[{"id":2,"payload":{},"vector":{"s":{"indices":[1,4],"values":[0.5,1.0]},"m":[[1.0,2.0],[3.0,4.0]]}}],"next_page_offset":3}"#
    )
    #expect(text(.scroll([], nextPageOffset: nil)) == #"{"points":[],"next_page_offset":null}"#)
    #expect(text(.record(PointRecord(id: .number(1), vectors: NamedVectors()))) == #"{"id":1,"vector":{}}"#)
  }

  @Test func scoredPointsInBothForms() {
    let point = ScoredPoint(
      record: PointRecord(id: .number(1), payload: Array("{}".utf8)), version: 9, score: 0.75)
    let one = #"{"id":1,"version":9,"score":0.75,"payload":{}}"#
    #expect(text(.points([point], .points)) == #"{"points":[\#(one)]}"#)
    #expect(text(.points([point], .list)) == "[\(one)]")
    #expect(text(.pointBatches([[point], []], .points)) == #"[{"points":[\#(one)]},{"points":[]}]"#)
    #expect(text(.pointBatches([[point], []], .list)) == "[[\(one)],[]]")
    let group = PointGroup(id: .string("g"), hits: [point], lookup: PointRecord(id: .number(5)))
    #expect(text(.groups([group])) == #"{"groups":[{"hits":[\#(one)],"id":"g","lookup":{"id":5}}]}"#)
  }

  @Test func aCollectionShowsItsConfigurationAndSchema() throws {
    var configuration = CollectionConfiguration(vectors: [
      NamedVectorParameters(name: "", parameters: VectorParameters(dimension: 4, distance: .cosine))
    ])
    configuration.payloadSchema = [
      PayloadField(path: "a", type: .keyword),
      PayloadField(
        path: "b", type: .integer, options: .object([.init(key: "type", value: .string("integer"))])),
    ]
    var info = CollectionInfo(
      status: .green, optimizerError: nil, pointsCount: 3, indexedVectorsCount: 2, segmentsCount: 1,
      configuration: configuration, indexedPointsCounts: [3, 1])
    #expect(
      text(.collection(info))
        == #"{"status":"green","optimizer_status":"ok","indexed_vectors_count":2,"points_count":3,"segments_count":1,"#
        + #""config":{"params":{"vectors":{"size":4,"distance":"Cosine"},"shard_number":1,"replication_factor":1,"#
        + #""write_consistency_factor":1,"on_disk_payload":true},"#
        + #""hnsw_config":{"m":16,"ef_construct":100,"full_scan_threshold":10000,"max_indexing_threads":0},"#
        + #""optimizer_config":{"deleted_threshold":0.2,"vacuum_min_vector_number":1000,"default_segment_number":0,"#
        + #""max_segment_size":null,"memmap_threshold":null,"indexing_threshold":10000,"flush_interval_sec":5,"#
        + #""max_optimization_threads":null},"wal_config":{"wal_capacity_mb":32,"wal_segments_ahead":0},"#
        + #""quantization_config":null},"payload_schema":{"a":{"data_type":"keyword","points":3},"#
        + #""b":{"data_type":"integer","params":{"type":"integer"},"points":1}}}"#)
    info.optimizerError = "disk full"
    info.warnings = ["w"]
    let value = try JSONValue(parsing: Array(text(.collection(info)).utf8))
    #expect(value["optimizer_status"]?["error"] == .string("disk full"))
    #expect(value["warnings"] == .array([.object([.init(key: "message", value: .string("w"))])]))
  }

  @Test func whatIsWrittenOfVectorsReadsBack() throws {
    let vectors = NamedVectors([
      .init(name: "a", value: .dense([0.1, -2e20, Float(bitPattern: 3)])),
      .init(name: "\"ü", value: .sparse(indices: [0, .max], values: [1, -0.0])),
      .init(name: "m", value: .multi(dimension: 1, values: [1, 2, 3])),
    ])
    var writer = JSONWriter()
    vectors.write(to: &writer)
    let read = try JSONReader.read(writer.bytes) { (reader) throws(RequestError) in
      try NamedVectors(json: &reader)
    }
    #expect(read == vectors)
  }
}
