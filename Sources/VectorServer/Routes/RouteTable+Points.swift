import VectorModel

extension RouteTable {
  /// Points, their vectors and their payloads.
  static let pointRoutes: [Route] = [
    Route(
      .GET, "/collections/{collection_name}/points/{id}", "get_point", .read,
      .request { input throws(RequestError) in
        try input.query.checkConsistency()
        guard let id = PointID(pathComponent: input.arguments[1]) else {
          throw .badRequest(
            "Can not recognize \"\(input.arguments[1].prefix(64))\" as point id: it must be an unsigned integer or a UUID"
          )
        }
        return .getPoint(collection: input.collection, id)
      }),
    Route(
      .POST, "/collections/{collection_name}/points", "get_points", .read,
      .request { input throws(RequestError) in
        _ = try input.query.timeoutMilliseconds()
        try input.query.checkConsistency()
        return .retrieve(collection: input.collection, try input.json(RetrieveRequest.init(json:)))
      }),
    Route(
      .PUT, "/collections/{collection_name}/points", "upsert_points", .write,
      write { (reader) throws(RequestError) in .upsert(try UpsertOperation(json: &reader)) }),
    Route(
      .POST, "/collections/{collection_name}/points/delete", "delete_points", .write,
      write { (reader) throws(RequestError) in .delete(try PointSelector(json: &reader)) }),
    Route(
      .PUT, "/collections/{collection_name}/points/vectors", "update_vectors", .write,
      write(WriteOperation.updateVectors(json:))),
    Route(
      .POST, "/collections/{collection_name}/points/vectors/delete", "delete_vectors", .write,
      write(WriteOperation.deleteVectors(json:))),
    Route(
      .POST, "/collections/{collection_name}/points/payload", "set_payload", .write,
      write { (reader) throws(RequestError) in .setPayload(try PayloadPatch(json: &reader)) }),
    Route(
      .PUT, "/collections/{collection_name}/points/payload", "overwrite_payload", .write,
      write { (reader) throws(RequestError) in .overwritePayload(try PayloadPatch(json: &reader)) }),
    Route(
      .POST, "/collections/{collection_name}/points/payload/delete", "delete_payload", .write,
      write(WriteOperation.deletePayloadKeys(json:))),
    Route(
      .POST, "/collections/{collection_name}/points/payload/clear", "clear_payload", .write,
      write { (reader) throws(RequestError) in .clearPayload(try PointSelector(json: &reader)) }),
    Route(
      .POST, "/collections/{collection_name}/points/batch", "batch_update", .write,
      .request { input throws(RequestError) in
        .writeBatch(
          collection: input.collection, try input.json(WriteOperation.list(json:)), try input.update())
      }),
    Route(
      .POST, "/collections/{collection_name}/points/scroll", "scroll_points", .read,
      .request { input throws(RequestError) in
        var request = try input.json(ScrollRequest.init(json:))
        request.timeoutMilliseconds = try input.readTimeoutMilliseconds()
        return .scroll(collection: input.collection, request)
      }),
    Route(
      .POST, "/collections/{collection_name}/points/count", "count_points", .read,
      .request { input throws(RequestError) in
        var request = try input.json(CountRequest.init(json:))
        request.timeoutMilliseconds = try input.readTimeoutMilliseconds()
        return .count(collection: input.collection, request)
      }),
    Route(
      .POST, "/collections/{collection_name}/facet", "facet", .read,
      .request { input throws(RequestError) in
        _ = try input.readTimeoutMilliseconds()
        return .facet(collection: input.collection, try input.json(FacetRequest.init(json:)))
      }),
  ]
}
