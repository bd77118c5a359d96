import VectorModel

extension RouteTable {
  /// Searches, in their present form and in those of older clients.
  static let searchRoutes: [Route] = [
    Route(
      .POST, "/collections/{collection_name}/points/query", "query_points", .read,
      query(.points) { (reader) throws(RequestError) in try QueryRequest(json: &reader) }),
    Route(
      .POST, "/collections/{collection_name}/points/query/batch", "query_batch_points", .read,
      queryBatch(.points, QueryRequest.list(json:))),
    Route(
      .POST, "/collections/{collection_name}/points/query/groups", "query_points_groups", .read,
      groups { (reader) throws(RequestError) in try QueryRequest(json: &reader) }),
    Route(
      .POST, "/collections/{collection_name}/points/search", "search_points", .read,
      query(.list) { (reader) throws(RequestError) in try QueryRequest(searchJSON: &reader) }),
    Route(
      .POST, "/collections/{collection_name}/points/search/batch", "search_batch_points", .read,
      queryBatch(.list, QueryRequest.searchList(json:))),
    Route(
      .POST, "/collections/{collection_name}/points/search/groups", "search_point_groups", .read,
      groups { (reader) throws(RequestError) in try QueryRequest(searchJSON: &reader) }),
    Route(
      .POST, "/collections/{collection_name}/points/recommend", "recommend_points", .read,
      query(.list) { (reader) throws(RequestError) in try QueryRequest(recommendJSON: &reader) }),
    Route(
      .POST, "/collections/{collection_name}/points/recommend/batch", "recommend_batch_points", .read,
      queryBatch(.list, QueryRequest.recommendList(json:))),
    Route(
      .POST, "/collections/{collection_name}/points/recommend/groups", "recommend_point_groups", .read,
      groups { (reader) throws(RequestError) in try QueryRequest(recommendJSON: &reader) }),
    Route(
      .POST, "/collections/{collection_name}/points/discover", "discover_points", .read,
      query(.list) { (reader) throws(RequestError) in try QueryRequest(discoverJSON: &reader) }),
    Route(
      .POST, "/collections/{collection_name}/points/discover/batch", "discover_batch_points", .read,
      queryBatch(.list, QueryRequest.discoverList(json:))),
    Route(
      .POST, "/collections/{collection_name}/points/search/matrix/pairs", "search_matrix_pairs", .read,
      .unbuilt),
    Route(
      .POST, "/collections/{collection_name}/points/search/matrix/offsets", "search_matrix_offsets", .read,
      .unbuilt),
  ]

  private typealias Reading<Value> = @Sendable (inout JSONReader) throws(RequestError) -> Value

  private static func query(
    _ form: Request.ResultForm, _ read: @escaping Reading<QueryRequest>
  ) -> Route.Meaning {
    .request { input throws(RequestError) in
      var request = try input.json(read)
      request.timeoutMilliseconds = try input.readTimeoutMilliseconds()
      // Only the routes of groups group; elsewhere the keys mean nothing.
      request.grouping = nil
      return .query(collection: input.collection, request, form)
    }
  }

  private static func groups(_ read: @escaping Reading<QueryRequest>) -> Route.Meaning {
    .request { input throws(RequestError) in
      var request = try input.json(read)
      request.timeoutMilliseconds = try input.readTimeoutMilliseconds()
      guard request.grouping != nil else { throw .format("missing field `group_by`") }
      return .query(collection: input.collection, request, .points)
    }
  }

  private static func queryBatch(
    _ form: Request.ResultForm, _ read: @escaping Reading<[QueryRequest]>
  ) -> Route.Meaning {
    .request { input throws(RequestError) in
      let timeoutMilliseconds = try input.readTimeoutMilliseconds()
      var requests = try input.json(read)
      for index in requests.indices {
        requests[index].timeoutMilliseconds = timeoutMilliseconds
        requests[index].grouping = nil
      }
      return .queryBatch(collection: input.collection, requests, form)
    }
  }
}
