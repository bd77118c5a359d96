import VectorModel

extension QueryRequest {
  private static let briefResultsMax = 128
  private static let briefEfMax = 512
  private static let briefTiersMax = 4
  private static let briefScanBytesMax = 2 << 20

  /// Whether the answer takes some 100 µs and nothing but memory: one traversal of the graph without a filter,
  /// a short scan of what has no graph yet, and neither payloads nor vectors.
  /// - Complexity: O(1).
  func isBrief(in state: CollectionState) -> Bool {
    guard case .nearest(_, mmr: nil) = query, prefetch.isEmpty, grouping == nil, lookupFrom == nil,
      filter?.isEmpty ?? true, withPayload == .none, withVector == .none, !parameters.isExact,
      offset + limit <= Self.briefResultsMax, let rows = state.vectors[using],
      let vector = state.configuration.vector(named: using)
    else { return false }
    if case .these = parameters.language { return false }
    let ef = parameters.ef ?? state.configuration.hnsw.applying(vector.hnsw).efConstruction
    let rescored = (parameters.oversampling ?? 1) * Double(limit)
    return ef <= Self.briefEfMax && rescored <= Double(Self.briefEfMax)
      && rows.searchedTiersCount <= Self.briefTiersMax
      && rows.scannedByteCount <= Self.briefScanBytesMax
  }
}
