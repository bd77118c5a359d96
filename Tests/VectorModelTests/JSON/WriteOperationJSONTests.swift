import Testing
import VectorModel

@Suite struct WriteOperationJSONTests {
  private let upsert: BodyDecoder<UpsertOperation> = { (reader) throws(RequestError) in
    try UpsertOperation(json: &reader)
  }
  private let selector: BodyDecoder<PointSelector> = { (reader) throws(RequestError) in
    try PointSelector(json: &reader)
  }
  private let patch: BodyDecoder<PayloadPatch> = { (reader) throws(RequestError) in
    try PayloadPatch(json: &reader)
  }
  private let list: BodyDecoder<[WriteOperation]> = { (reader) throws(RequestError) in
    try WriteOperation.list(json: &reader)
  }

  @Test func pointsKeepTheirPayloadsBytes() throws {
    let operation = try read(
      #"""
      {"points": [
        {"id": 1, "vector": [0.5, -1e-3, 3], "payload": {"a" : 1.50, "größe":"\u00e9" } },
        {"payload": null, "vector": {"x": [1], "y": {"indices": [2], "values": [0.5]}, "z": [[1,2],[3,4]]},
          "id": "urn:uuid:6f9619ff-8b86-d011-b42d-00cf4fc964ff", "unknown": [1]},
        {"id": 18446744073709551615, "vectors": {}}],
       "update_mode": "insert_only", "update_filter": {"must": {"has_id": [1]}}}
      """#, upsert)
    let uuid = try #require(UUID128("6f9619ff-8b86-d011-b42d-00cf4fc964ff"))
    let named = NamedVectors([
      .init(name: "x", value: .dense([1])), .init(name: "y", value: .sparse(indices: [2], values: [0.5])),
      .init(name: "z", value: .multi(dimension: 2, values: [1, 2, 3, 4])),
    ])
    #expect(
      operation.points == [
        Point(
          id: .number(1), vectors: NamedVectors(unnamed: .dense([0.5, -1e-3, 3])),
          payload: Array(#"{"a" : 1.50, "größe":"\u00e9" }"#.utf8)),
        Point(id: .uuid(uuid), vectors: named), Point(id: .number(.max), vectors: NamedVectors()),
      ])
    #expect(operation.mode == .insertOnly && operation.filter == Filter(must: [.hasID([.number(1)])]))
  }

  @Test func columnsBecomePoints() throws {
    let unnamed = try read(
      #"{"batch":{"ids":[1,2],"vectors":[[1,2],[3,4]],"payloads":[{"a":1},null]}}"#, upsert)
    #expect(
      unnamed.points == [
        Point(
          id: .number(1), vectors: NamedVectors(unnamed: .dense([1, 2])), payload: Array(#"{"a":1}"#.utf8)),
        Point(id: .number(2), vectors: NamedVectors(unnamed: .dense([3, 4]))),
      ])
    let named = try read(
      #"{"batch":{"vectors":{"b":[[1],[2]],"a":[{"indices":[1],"values":[1]},{"indices":[],"values":[]}]},"ids":[1,2]}}"#,
      upsert)
    #expect(named.points[1].vectors["b"] == .dense([2]))
    #expect(named.points[1].vectors["a"] == .sparse(indices: [], values: []))
    let multi = try read(#"{"batch":{"ids":[1],"vectors":[[[1,2],[3,4]]]}}"#, upsert)
    #expect(multi.points[0].vectors[""] == .multi(dimension: 2, values: [1, 2, 3, 4]))
    #expect(try read(#"{"batch":{"ids":[],"vectors":{}}}"#, upsert).points.isEmpty)
  }

  @Test func badUpsertsAreNamed() {
    func expect(
      _ text: String, _ code: RequestError.Code, _ words: String, at line: SourceLocation = #_sourceLocation
    ) {
      expectRefusal(text, code, words, by: upsert, sourceLocation: line)
    }
    expect("{}", .badRequest, "missing field `points` or `batch`")
    expect(#"{"points":null}"#, .badRequest, "missing field `points` or `batch`")
    expect(#"{"points":[{"vector":[1]}]}"#, .badRequest, "missing field `id` at line 1 column 25")
    expect(#"{"points":[{"id":1}]}"#, .badRequest, "missing field `vector`")
    expect(#"{"points":[{"id":1,"vector":[1],"payload":[]}]}"#, .badRequest, "sequence, expected an object")
    expect(
      #"{"points":[{"id":1,"vector":[1],"payload":"x"}]}"#, .badRequest, "string \"x\", expected an object")
    expect(#"{"points":[{"id":1,"vector":[1,NaN]}]}"#, .badRequest, "expected value")
    expect(#"{"points":[{"id":1,"vector":[1,null]}]}"#, .badRequest, "null, expected f32")
    expect(#"{"points":[{"id":1,"vector":"x"}]}"#, .badRequest, "string \"x\"")
    expect(
      #"{"points":[{"id":1,"vector":{"text":"a","model":"m"}}]}"#, .notImplemented, "inference of `text`")
    expect(
      #"{"points":[{"id":1,"vector":{"v":{"text":"a","model":"m"}}}]}"#, .notImplemented,
      "inference of `text`")
    expect(#"{"points":[],"shard_key":"a"}"#, .notImplemented, "shard_key")
    expect(#"{"points":[],"update_mode":"replace"}"#, .badRequest, "unknown variant `replace`")
    expect(#"{"points":[],"update_filter":{"x":1}}"#, .badRequest, "unknown field `x`")
    expect(
      #"{"batch":{"ids":[1,2],"vectors":[[1]]}}"#, .validation,
      "batch.vectors: 1 elements, must be as many as the 2 ids")
    expect(#"{"batch":{"ids":[1],"vectors":[[1]],"payloads":[]}}"#, .validation, "batch.payloads: 0 elements")
    expect(#"{"batch":{"ids":[1],"vectors":{"v":[]}}}"#, .validation, "batch.vectors.v: 0 elements")
    expect(#"{"batch":{"vectors":[]}}"#, .badRequest, "missing field `ids`")
    expect(#"{"batch":{"ids":[]}}"#, .badRequest, "missing field `vectors`")
    let names = (0...256).map { "\"v\($0)\":[1]" }.joined(separator: ",")
    expect(#"{"points":[{"id":1,"vector":{\#(names)}}]}"#, .validation, "the limit is 256")
    let ids = Array(repeating: "1", count: WriteOperation.pointsMax + 1).joined(separator: ",")
    expect(#"{"batch":{"ids":[\#(ids)],"vectors":[]}}"#, .validation, "the limit is 100000")
  }

  @Test func shortVectorsBehindALongOneTakeLittleRoom() throws {
    let long = Array(repeating: "0", count: 60_000).joined(separator: ",")
    let operation = try read(#"{"points":[{"id":1,"vector":[\#(long)]},{"id":2,"vector":[1,2]}]}"#, upsert)
    guard case .dense(let values)? = operation.points[1].vectors[""] else {
      Issue.record("no dense vector")
      return
    }
    #expect(values == [1, 2] && values.capacity < 100)
  }

  @Test func messagesShowTheBeginningOfLongTexts() {
    let long = String(repeating: "e\u{301}", count: 100_000)
    for text in [#"{"operations":[{"\#(long)":1}]}"#, #"{"operations":"\#(long)"}"#] {
      #expect((refusal(of: text, list)?.message.utf8.count ?? 0) < 500)
    }
    #expect((refusal(of: #"{"points":["\#(long)"]}"#, selector)?.message.utf8.count ?? 0) < 500)
  }

  @Test func selectorsAreIdsOrAFilter() throws {
    #expect(try read(#"{"points":[1,2]}"#, selector) == .ids([.number(1), .number(2)]))
    #expect(try read(#"{"points":null,"filter":{}}"#, selector) == .filter(Filter()))
    #expect(try read(#"{"filter":{},"points":[]}"#, selector) == .ids([]))
    expectRefusal("{}", .badRequest, "Either list of point ids or filter must be provided", by: selector)
    expectRefusal(#"{"points":[],"shard_key":["a"]}"#, .notImplemented, "shard_key", by: selector)
  }

  @Test func payloadPatches() throws {
    let plain = try read(#"{"payload":{"a": [1]},"points":[1]}"#, patch)
    #expect(
      plain.payload == Array(#"{"a": [1]}"#.utf8) && plain.key == nil && plain.selector == .ids([.number(1)]))
    let keyed = try read(#"{"key":"a.b[3]","payload":{},"filter":{"must":[]}}"#, patch)
    #expect(keyed.key?.description == "a.b[3]" && keyed.selector == .filter(Filter()))
    expectRefusal(#"{"points":[1]}"#, .badRequest, "missing field `payload`", by: patch)
    expectRefusal(#"{"payload":{}}"#, .badRequest, "Either list of point ids or filter", by: patch)
    expectRefusal(#"{"payload":7,"points":[1]}"#, .badRequest, "integer `7`", by: patch)
    expectRefusal(
      #"{"payload":{},"points":[1],"key":"a[70000]"}"#, .badRequest, "a[70000]", "65535", by: patch)
  }

  @Test func batchesHoldEveryOperation() throws {
    let operations = try read(
      #"""
      {"operations": [
        {"upsert": {"points": [{"id": 1, "vector": [1]}]}}, {"delete": {"points": [1]}},
        {"set_payload": {"payload": {}, "points": [1], "key": "a"}}, {"overwrite_payload": {"payload": {}, "filter": {}}},
        {"delete_payload": {"keys": ["a.b", "c"], "points": [1]}}, {"clear_payload": {"filter": {}}},
        {"update_vectors": {"points": [{"id": 1, "vector": {"v": [1]}}], "update_filter": {}}},
        {"delete_vectors": {"vector": ["v", ""], "points": [2]}}]}
      """#, list)
    try #require(operations.count == 8)
    let a = try PayloadPath("a.b")
    let c = try PayloadPath("c")
    if case .upsert(let upsert) = operations[0] {
      #expect(upsert.points.count == 1)
    } else {
      Issue.record("upsert")
    }
    if case .delete(.ids(let ids)) = operations[1] {
      #expect(ids == [.number(1)])
    } else {
      Issue.record("delete")
    }
    if case .setPayload(let patch) = operations[2] { #expect(patch.key != nil) } else { Issue.record("set") }
    if case .overwritePayload(let patch) = operations[3] {
      #expect(patch.selector == .filter(Filter()))
    } else {
      Issue.record("overwrite")
    }
    if case .deletePayloadKeys(let keys, .ids) = operations[4] {
      #expect(keys == [a, c])
    } else {
      Issue.record("keys")
    }
    if case .clearPayload(.filter) = operations[5] {} else { Issue.record("clear") }
    if case .updateVectors(let points, let filter) = operations[6] {
      #expect(
        points == [
          PointVectors(id: .number(1), vectors: NamedVectors([.init(name: "v", value: .dense([1]))]))
        ])
      #expect(filter == Filter())
    } else {
      Issue.record("update vectors")
    }
    if case .deleteVectors(let names, .ids) = operations[7] {
      #expect(names == ["v", ""])
    } else {
      Issue.record("names")
    }
  }

  @Test func badOperationsAreNamed() {
    expectRefusal("{}", .badRequest, "missing field `operations`", by: list)
    expectRefusal(#"{"operations":[{}]}"#, .badRequest, "it has none", by: list)
    expectRefusal(
      #"{"operations":[{"insert":{}}]}"#, .badRequest, "unknown variant `insert`", "`upsert`", by: list)
    expectRefusal(
      #"{"operations":[{"delete":{"points":[]},"clear_payload":{"points":[]}}]}"#, .badRequest,
      "`clear_payload` is a second one", by: list)
    expectRefusal(
      #"{"operations":[{"delete_vectors":{"points":[1],"vector":[]}}]}"#, .validation, "at least 1", by: list)
    expectRefusal(#"{"operations":[{"update_vectors":{"points":[]}}]}"#, .validation, "at least 1", by: list)
    expectRefusal(
      #"{"operations":[{"delete_payload":{"points":[1]}}]}"#, .badRequest, "missing field `keys`", by: list)
    expectRefusal(
      #"{"operations":[{"delete_payload":{"points":[1],"keys":["a["]}}]}"#, .badRequest, "a[", by: list)
    let many = Array(repeating: #"{"delete":{"points":[]}}"#, count: WriteOperation.operationsMax + 1)
    expectRefusal(#"{"operations":[\#(many.joined(separator: ","))]}"#, .validation, "10000", by: list)
  }

  @Test func aliasActions() throws {
    let decoder: BodyDecoder<[AliasAction]> = { (reader) throws(RequestError) in
      try AliasAction.list(json: &reader)
    }
    let actions = try read(
      #"""
      {"actions": [{"create_alias": {"collection_name": "c", "alias_name": "a"}}, {"delete_alias": {"alias_name": "b"}},
        {"rename_alias": {"old_alias_name": "x", "new_alias_name": "y"}}]}
      """#, decoder)
    #expect(
      actions == [.create(alias: "a", collection: "c"), .delete(alias: "b"), .rename(old: "x", new: "y")])
    expectRefusal(
      #"{"actions":[{"create_alias":{"alias_name":"a"}}]}"#, .badRequest, "collection_name", by: decoder)
    expectRefusal(#"{"actions":[{"drop":{}}]}"#, .badRequest, "unknown variant `drop`", by: decoder)
    expectRefusal("{}", .badRequest, "actions", by: decoder)
  }

  @Test func noBytesMakeThemTrap() {
    damageEverywhere(
      #"{"operations":[{"upsert":{"batch":{"ids":[1],"vectors":{"a":[{"indices":[1],"values":[2]}]},"payloads":[null]}}},{"upsert":{"points":[{"id":1,"vector":{"a":[[1],[2]]},"payload":{"k":"v"}}]}},{"set_payload":{"payload":{"x":1},"key":"a[2]","filter":{}}},{"delete_vectors":{"vector":["a"],"points":["6f9619ff-8b86-d011-b42d-00cf4fc964ff"]}}]}"#,
      list)
    damageEverywhere(#"{"actions":[{"rename_alias":{"old_alias_name":"x","new_alias_name":"y"}}]}"#) {
      (reader) throws(RequestError) in try AliasAction.list(json: &reader)
    }
  }
}
