import VectorModel

extension RouteTable {
  /// The server itself, its aliases and what would be its cluster.
  static let serviceRoutes: [Route] = [
    Route(.GET, "/", "root", .open, .page(.root)),
    Route(.GET, "/healthz", "healthz", .open, .page(.healthz)),
    Route(.GET, "/livez", "livez", .open, .page(.livez)),
    Route(.GET, "/readyz", "readyz", .open, .page(.readyz)),
    Route(.GET, "/metrics", "metrics", .read, .page(.metrics)),
    Route(.GET, "/telemetry", "telemetry", .read, .page(.telemetry)),
    Route(.GET, "/issues", "get_issues", .read, .page(.issues)),
    Route(.DELETE, "/issues", "clear_issues", .write, .page(.clearIssues)),
    Route(.GET, "/quotas", "get_quotas", .read, .unbuilt),
    Route(.PUT, "/quotas", "update_quotas", .write, .unbuilt),

    Route(.GET, "/cluster", "cluster_status", .read, .page(.cluster)),
    Route(.GET, "/cluster/telemetry", "cluster_telemetry", .read, .clusterOnly),
    Route(.POST, "/cluster/recover", "recover_current_peer", .write, .clusterOnly),
    Route(.DELETE, "/cluster/peer/{peer_id}", "remove_peer", .write, .clusterOnly),
  ]

  /// Snapshots of collections, of shards and of the whole storage.
  static let snapshotRoutes: [Route] = [
    Route(.GET, "/snapshots", "list_full_snapshots", .read, .unbuilt),
    Route(.POST, "/snapshots", "create_full_snapshot", .write, .unbuilt),
    Route(.GET, "/snapshots/{snapshot_name}", "get_full_snapshot", .read, .unbuilt),
    Route(.DELETE, "/snapshots/{snapshot_name}", "delete_full_snapshot", .write, .unbuilt),

    Route(.GET, "/collections/{collection_name}/snapshots", "list_snapshots", .read, .unbuilt),
    Route(.POST, "/collections/{collection_name}/snapshots", "create_snapshot", .write, .unbuilt),
    Route(
      .GET, "/collections/{collection_name}/snapshots/{snapshot_name}", "get_snapshot", .read, .unbuilt),
    Route(
      .DELETE, "/collections/{collection_name}/snapshots/{snapshot_name}", "delete_snapshot", .write,
      .unbuilt),
    Route(
      .PUT, "/collections/{collection_name}/snapshots/recover", "recover_from_snapshot", .write, .unbuilt),
    Route(
      .POST, "/collections/{collection_name}/snapshots/upload", "recover_from_uploaded_snapshot", .write,
      .unbuilt),

    Route(
      .GET, "/collections/{collection_name}/shards/{shard_id}/snapshot", "stream_shard_snapshot", .read,
      .unbuilt),
    Route(
      .GET, "/collections/{collection_name}/shards/{shard_id}/snapshots", "list_shard_snapshots", .read,
      .unbuilt),
    Route(
      .POST, "/collections/{collection_name}/shards/{shard_id}/snapshots", "create_shard_snapshot", .write,
      .unbuilt),
    Route(
      .GET, "/collections/{collection_name}/shards/{shard_id}/snapshots/{snapshot_name}",
      "get_shard_snapshot", .read, .unbuilt),
    Route(
      .DELETE, "/collections/{collection_name}/shards/{shard_id}/snapshots/{snapshot_name}",
      "delete_shard_snapshot", .write, .unbuilt),
    Route(
      .PUT, "/collections/{collection_name}/shards/{shard_id}/snapshots/recover",
      "recover_shard_from_snapshot", .write, .unbuilt),
    Route(
      .POST, "/collections/{collection_name}/shards/{shard_id}/snapshots/upload",
      "recover_shard_from_uploaded_snapshot", .write, .unbuilt),
  ]
}
