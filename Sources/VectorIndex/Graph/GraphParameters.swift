/// How a part's graph is built; the names are the paper's (Malkov & Yashunin 2018).
package struct GraphParameters: Sendable, Equatable {
  /// Links that a row chooses; its list holds up to `2 · m`. 0: no graph, searches scan.
  package var m: Int
  /// Candidates kept while a node's neighbours are searched.
  package var efConstruction: Int
  /// Kilobytes of accepted float32 vectors at or below which a search scans instead of traversing.
  package var fullScanThresholdKilobytes: Int
  /// How much nearer than the new node a kept neighbour must be to a candidate to displace it: 1 is the paper's
  /// heuristic, more keeps longer links (RobustPrune, Subramanya et al. 2019). Not used for `.dot`.
  package var alpha: Float
  /// Whether displaced candidates fill a new node's list that the heuristic left short (Algorithm 4,
  /// keepPrunedConnections) and near rows fill free slots in the end: better recall for spread and for clustered data.
  package var keepsPruned: Bool
  /// Bits an element of the codes that searches traverse: 8, 1, or 4 where a sample shows that these rank rows well.
  package var codeBits: Int
  /// Decides which rows are entries.
  package var seed: UInt64

  package init(
    m: Int = 16, efConstruction: Int = 100, fullScanThresholdKilobytes: Int = 10_000, alpha: Float = 1,
    keepsPruned: Bool = true, codeBits: Int = 4, seed: UInt64 = 0x6E65_6564_6C65
  ) {
    self.m = m
    self.efConstruction = efConstruction
    self.fullScanThresholdKilobytes = fullScanThresholdKilobytes
    self.alpha = alpha
    self.keepsPruned = keepsPruned
    self.codeBits = codeBits
    self.seed = seed
  }

  /// Most links a node may get on the upper levels.
  package static let mMax = 512
  /// Most candidates kept while building.
  package static let efConstructionMax = 65_536

  /// Slots for links of a node on level 0.
  var baseLinksMax: Int { 2 * m }
}
