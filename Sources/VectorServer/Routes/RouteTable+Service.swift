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
}
