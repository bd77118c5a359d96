import CKernels

/// Chooses a node's neighbours among candidates: Algorithm 4 of Malkov & Yashunin (2018), with the relaxation α of
/// RobustPrune (Subramanya et al. 2019, Algorithm 2).
///
/// The nearest candidate is kept, all candidates that are nearer to it than 1/α of their distance to the node are
/// displaced, and so on with the nearest that is left. Deviations: a candidate exactly as near is displaced too, so that
/// equal vectors do not fill each other's lists; the candidates of one kept neighbour are compared in one kernel call.
@safe final class NeighborSelection<Table: RowTable> {
  private let builder: GraphBuilder<Table>
  private let query: UnsafeMutableRawPointer
  private let rows: UnsafeMutablePointer<UInt32>
  private let distances: UnsafeMutablePointer<Float>
  private var remaining: [Neighbor] = []
  private var displaced: [Neighbor] = []

  init(builder: GraphBuilder<Table>) {
    self.builder = builder
    unsafe query = .allocate(byteCount: max(64, builder.table.queryByteCount), alignment: 64)
    unsafe rows = .allocate(capacity: SearchScratch.batchMax)
    unsafe distances = .allocate(capacity: SearchScratch.batchMax)
  }

  deinit {
    unsafe query.deallocate()
    unsafe rows.deallocate()
    unsafe distances.deallocate()
  }

  /// At most `linksMax` of the pool's nodes, nearest first.
  ///
  /// - Parameter filledMax: up to how many displaced candidates fill the list, where the parameters say so. Lists that
  ///   take links from later nodes are not filled: near neighbours would leave these no room.
  func select(from pool: CandidatePool, linksMax: Int, filledMax: Int) -> [Neighbor] {
    // Every access of a class's variable is checked for others at the same time; a local one's is not.
    var remaining = take(&self.remaining)
    var displaced = take(&self.displaced)
    defer {
      self.remaining = remaining
      self.displaced = displaced
    }
    for index in unsafe 0..<pool.count {
      let entry = unsafe pool.entries[index]
      unsafe remaining.append(
        Neighbor(row: CandidatePool.node(entry), distance: CandidatePool.distance(entry)))
    }
    let keepsDisplaced = builder.parameters.keepsPruned && filledMax > 0
    var kept: [Neighbor] = []
    kept.reserveCapacity(linksMax)
    var head = 0
    while head < remaining.count, kept.count < linksMax {
      let next = remaining[head]
      kept.append(next)
      head += 1
      if kept.count < linksMax {
        displace(by: next, from: head, &remaining, into: &displaced, keeps: keepsDisplaced)
        head = 0
      }
    }
    if kept.count < filledMax, !displaced.isEmpty {
      displaced.sort()
      kept += displaced.prefix(filledMax - kept.count)
      kept.sort()
    }
    return kept
  }

  private func take(_ list: inout [Neighbor]) -> [Neighbor] {
    var taken: [Neighbor] = []
    swap(&taken, &list)
    taken.removeAll(keepingCapacity: true)
    return taken
  }

  /// Drops from `remaining[head...]` what `kept` displaces; the rest moves up to begin at 0.
  private func displace(
    by kept: Neighbor, from head: Int, _ remaining: inout [Neighbor], into displaced: inout [Neighbor],
    keeps keepsDisplaced: Bool
  ) {
    if head == remaining.count { return remaining.removeAll(keepingCapacity: true) }
    let scorer = unsafe builder.table.scorer(ofRow: Int(kept.row), memory: query)
    let offset = builder.heuristicOffset
    let factor = builder.heuristicFactor
    var written = 0
    var read = head
    while read < remaining.count {
      let count = min(remaining.count - read, SearchScratch.batchMax)
      for index in 0..<count { unsafe rows[index] = remaining[read + index].row }
      unsafe scorer.score(rows, first: 0, count: count, into: distances)
      for index in 0..<count {
        let candidate = remaining[read + index]
        if unsafe factor * (distances[index] + offset) <= candidate.distance + offset {
          if keepsDisplaced { displaced.append(candidate) }
        } else {
          remaining[written] = candidate
          written += 1
        }
      }
      read += count
    }
    remaining.removeSubrange(written...)
  }
}
