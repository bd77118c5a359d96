import VectorModel

extension RouteTable {
  /// Collections, their aliases and their payload indexes.
  static let collectionRoutes: [Route] = [
    Route(.GET, "/collections", "get_collections", .read, .request({ _ in .listCollections })),
    Route(
      .GET, "/collections/{collection_name}", "get_collection", .read,
      .request({ .collectionInfo($0.collection) })),
    Route(
      .PUT, "/collections/{collection_name}", "create_collection", .write,
      .request { input throws(RequestError) in
        _ = try input.query.timeoutMilliseconds()
        return .createCollection(input.collection, try input.json(CollectionConfiguration.init(json:)))
      }),
    Route(
      .PATCH, "/collections/{collection_name}", "update_collection", .write,
      .request { input throws(RequestError) in
        _ = try input.query.timeoutMilliseconds()
        return .updateCollection(input.collection, try input.json(CollectionUpdate.init(json:)))
      }),
    Route(
      .DELETE, "/collections/{collection_name}", "delete_collection", .write,
      .request { input throws(RequestError) in
        _ = try input.query.timeoutMilliseconds()
        return .deleteCollection(input.collection)
      }),
    Route(
      .GET, "/collections/{collection_name}/exists", "collection_exists", .read,
      .request({ .collectionExists($0.collection) })),
    Route(
      .PUT, "/collections/{collection_name}/vectors/{vector_name}", "create_vector_name", .write,
      .request { input throws(RequestError) in
        let parameters = try input.json { (reader) throws(RequestError) in
          try NamedVectorParameters(name: input.arguments[1], json: &reader)
        }
        return .addVector(collection: input.collection, parameters, try input.update())
      }),
    Route(
      .DELETE, "/collections/{collection_name}/vectors/{vector_name}", "delete_vector_name", .write,
      .request { input throws(RequestError) in
        .removeVector(collection: input.collection, name: input.arguments[1], try input.update())
      }),
    Route(
      .PUT, "/collections/{collection_name}/index", "create_field_index", .write,
      write { (reader) throws(RequestError) in .createIndex(try PayloadField(json: &reader)) }),
    Route(
      .DELETE, "/collections/{collection_name}/index/{field_name}", "delete_field_index", .write,
      .request { input throws(RequestError) in
        .write(
          collection: input.collection, .deleteIndex(input.arguments[1]), try input.update())
      }),

    Route(
      .POST, "/collections/aliases", "update_aliases", .write,
      .request { input throws(RequestError) in
        _ = try input.query.timeoutMilliseconds()
        return .changeAliases(try input.json(AliasAction.list(json:)))
      }),
    Route(.GET, "/aliases", "get_collections_aliases", .read, .request({ _ in .listAliases })),
    Route(
      .GET, "/collections/{collection_name}/aliases", "get_collection_aliases", .read,
      .request({ .collectionAliases($0.collection) })),

    Route(
      .GET, "/collections/{collection_name}/optimizations", "get_optimizations", .read, .unbuilt),
    Route(
      .GET, "/collections/{collection_name}/cluster", "collection_cluster_info", .read,
      .request({ .collectionInfo($0.collection) }, result: writeLocalShard)),
    Route(
      .POST, "/collections/{collection_name}/cluster", "update_collection_cluster", .write, .clusterOnly),
    Route(
      .GET, "/collections/{collection_name}/shards", "list_shard_keys", .read,
      .request({ .collectionInfo($0.collection) }, result: { $1.object { _ in } })),
    Route(.PUT, "/collections/{collection_name}/shards", "create_shard_key", .write, .clusterOnly),
    Route(.POST, "/collections/{collection_name}/shards/delete", "delete_shard_key", .write, .clusterOnly),
  ]

  /// A route whose body is one change of a collection.
  static func write(
    _ read: @escaping @Sendable (inout JSONReader) throws(RequestError) -> WriteOperation
  ) -> Route.Meaning {
    .request { input throws(RequestError) in
      .write(collection: input.collection, try input.json(read), try input.update())
    }
  }

  /// What a cluster would say of a collection: one shard, here, with every point.
  private static func writeLocalShard(_ response: Response, to writer: inout JSONWriter) {
    guard case .collection(let information) = response.result else {
      return response.result.write(to: &writer)
    }
    writer.object { writer in
      writer.key("peer_id")
      writer.integer(0)
      writer.key("shard_count")
      writer.integer(1)
      writer.key("local_shards")
      writer.array { writer in
        writer.object { writer in
          writer.key("shard_id")
          writer.integer(0)
          writer.key("points_count")
          writer.integer(information.pointsCount)
          writer.key("state")
          writer.string("Active")
        }
      }
      for key in ["remote_shards", "shard_transfers"] {
        writer.key(key)
        writer.array { _ in }
      }
    }
  }
}
