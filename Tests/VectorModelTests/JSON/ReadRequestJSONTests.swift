import Testing
import VectorModel

/// Bodies of retrieve, scroll, count and facet.
@Suite struct ReadRequestJSONTests {
  @Test func retrieve() throws {
    let decoder: BodyDecoder<RetrieveRequest> = { (reader) throws(RequestError) in
      try RetrieveRequest(json: &reader)
    }
    #expect(
      try read(#"{"ids":[3,18446744073709551615]}"#, decoder)
        == RetrieveRequest(ids: [.number(3), .number(.max)]))
    let request = try read(#"{"ids":[],"with_payload":false,"with_vector":true}"#, decoder)
    #expect(request.withPayload == .none && request.withVector == .all)
    expectRefusal("{}", .badRequest, "missing field `ids`", by: decoder)
    expectRefusal(
      #"{"ids":[true]}"#, .badRequest, "boolean `true`", "an unsigned integer or a UUID", by: decoder)
  }

  @Test func scroll() throws {
    let decoder: BodyDecoder<ScrollRequest> = { (reader) throws(RequestError) in
      try ScrollRequest(json: &reader)
    }
    #expect(try read("{}", decoder) == ScrollRequest())
    let request = try read(
      #"{"offset":7,"limit":2,"filter":{"must":[]},"order_by":{"key":"a","start_from":1.5},"with_payload":false,"with_vectors":["v"]}"#,
      decoder)
    #expect(request.offset == .number(7) && request.limit == 2 && request.filter == Filter())
    #expect(request.orderBy?.startFrom == .float(1.5) && request.orderBy?.isDescending == false)
    #expect(request.withPayload == .none && request.withVector == .named(["v"]))
    #expect(
      try read(#"{"offset":null,"filter":null,"limit":null,"order_by":null}"#, decoder) == ScrollRequest())
    expectRefusal(#"{"limit":0}"#, .validation, "limit", by: decoder)
    expectRefusal(#"{"filter":{"x":1}}"#, .badRequest, "unknown field `x`", by: decoder)
  }

  @Test func countAndFacet() throws {
    let count: BodyDecoder<CountRequest> = { (reader) throws(RequestError) in try CountRequest(json: &reader)
    }
    #expect(try read("{}", count) == CountRequest())
    #expect(try read(#"{"exact":false,"x":[{}]}"#, count).isExact == false)
    let facet: BodyDecoder<FacetRequest> = { (reader) throws(RequestError) in try FacetRequest(json: &reader)
    }
    let request = try read(#"{"key":"a.b","limit":3,"exact":true,"filter":{}}"#, facet)
    var expected = FacetRequest(key: try PayloadPath("a.b"))
    expected.limit = 3
    expected.isExact = true
    expected.filter = Filter()
    #expect(request == expected)
    #expect(try read(#"{"key":"a"}"#, facet).limit == 10)
    expectRefusal("{}", .badRequest, "missing field `key`", by: facet)
  }
}
