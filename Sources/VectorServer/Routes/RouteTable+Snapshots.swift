import NIOHTTP1
import VectorModel

extension RouteTable {
  /// Snapshots of collections and of the whole storage; those of a shard are those of its collection, which
  /// has one.
  static let snapshotRoutes: [Route] =
    routes(below: "", named: "full_snapshot", list: "list_full_snapshots") { _ in .storage }
    + storageRecoveryRoutes
    + routes(
      below: "/collections/{collection_name}", named: "snapshot", list: "list_snapshots",
      scope: { .collection($0.collection) })
    + recoveryRoutes(
      below: "/collections/{collection_name}", "recover_from_snapshot", "recover_from_uploaded_snapshot")
    + routes(
      below: shard, named: "shard_snapshot", list: "list_shard_snapshots",
      scope: { input throws(RequestError) in
        try checkShard(input)
        return .collection(input.collection)
      })
    + recoveryRoutes(below: shard, "recover_shard_from_snapshot", "recover_shard_from_uploaded_snapshot")
    + [
      Route(
        .GET, shard + "/snapshot", "stream_shard_snapshot", .read,
        .snapshots { input throws(RequestError) in
          try checkShard(input)
          return .stream(.collection(input.collection))
        })
    ]

  private static let shard = "/collections/{collection_name}/shards/{shard_id}"

  private static func routes(
    below path: String, named name: String, list: String,
    scope: @escaping @Sendable (RequestInput) throws(RequestError) -> SnapshotScope
  ) -> [Route] {
    [
      Route(
        .GET, path + "/snapshots", list, .read,
        .snapshots { input throws(RequestError) in .list(try scope(input)) }),
      Route(
        .POST, path + "/snapshots", "create_" + name, .write,
        .snapshots { input throws(RequestError) in
          var options = SnapshotOptions()
          if input.body.readableBytes > 0 { options = try input.json(SnapshotOptions.init(json:)) }
          return .create(try scope(input), options, wait: try input.waitsForSnapshot())
        }),
      Route(
        .GET, path + "/snapshots/{snapshot_name}", "get_" + name, .read,
        .snapshots { input throws(RequestError) in .open(try scope(input), name: try input.snapshotName()) }),
      Route(
        .DELETE, path + "/snapshots/{snapshot_name}", "delete_" + name, .write,
        .snapshots { input throws(RequestError) in
          .delete(try scope(input), name: try input.snapshotName(), wait: try input.waitsForSnapshot())
        }),
    ]
  }

  private static func recoveryRoutes(
    below path: String, _ recoverName: String, _ uploadName: String
  ) -> [Route] {
    [
      Route(
        .PUT, path + "/snapshots/recover", recoverName, .write,
        .snapshots { input throws(RequestError) in
          try checkShard(input)
          let recovery = try input.json { (reader) throws(RequestError) in
            try SnapshotRecovery(collection: input.collection, json: &reader)
          }
          return .recover(recovery, wait: try input.waitsForSnapshot())
        }),
      Route(
        .POST, path + "/snapshots/upload", uploadName, .write,
        .upload { (input, sink) throws(RequestError) in
          try checkShard(input)
          var recovery = SnapshotRecovery(collection: input.collection, source: .upload(sink))
          recovery.checksum = input.query["checksum"]
          recovery.until = try input.query["until"].map(SnapshotRecovery.Until.init)
          return .recover(recovery, wait: try input.waitsForSnapshot())
        }),
    ]
  }

  /// Restores of the whole storage, which are not in the schema: there they need a restart.
  private static let storageRecoveryRoutes: [Route] = [
    Route(
      .PUT, "/snapshots/recover", "recover_full_from_snapshot", .write,
      .snapshots { input throws(RequestError) in
        .recoverStorage(try input.json(StorageRecovery.init(json:)), wait: try input.waitsForSnapshot())
      }),
    Route(
      .POST, "/snapshots/upload", "recover_full_from_uploaded_snapshot", .write,
      .upload { (input, sink) throws(RequestError) in
        var recovery = StorageRecovery(source: .upload(sink))
        recovery.checksum = input.query["checksum"]
        return .recoverStorage(recovery, wait: try input.waitsForSnapshot())
      }),
  ]

  /// - Throws: status 404 for another shard than 0, the only one.
  private static func checkShard(_ input: RequestInput) throws(RequestError) {
    guard input.operation.contains("shard"), input.arguments[1] != "0" else { return }
    throw .notFound("shard \(input.arguments[1].prefix(64)) of collection `\(input.collection)`")
  }
}

extension RequestInput {
  /// Operations on snapshots are waited for unless `wait` says otherwise.
  fileprivate func waitsForSnapshot() throws(RequestError) -> Bool {
    query["wait"] == nil ? true : try query.wait()
  }

  /// The last segment in braces: looked up, never made a path of.
  fileprivate func snapshotName() throws(RequestError) -> String {
    guard let name = arguments.last else { throw .notFound("a snapshot without a name") }
    return name
  }
}
