import CKernels
import VectorModel

/// Chooses the entry rows of a graph so that every cluster has one, where there are clusters.
///
/// Each next row is drawn with a probability proportional to its distance from the rows drawn before (D² sampling,
/// Arthur & Vassilvitskii 2007, section 2.2). There are so many entries that fewer would leave the rows much farther from
/// the nearest entry: as many as there are clusters, and few where rows are spread evenly.
struct EntrySelection<Table: RowTable> {
  /// Most entries: each costs every query a comparison.
  private static var entriesMax: Int { 4096 }
  /// Rows an entry stands for at least.
  private static var rowsPerEntryMin: Int { 32 }
  /// Rows that are looked at for each possible entry.
  private static var sampledPerEntry: Int { 8 }
  /// Twice as many entries are worth it where the mean distance to the nearest falls below this share.
  private static var worthwhileShare: Double { 0.75 }

  /// Rows that are looked at for whether an older graph's entries serve, and how much farther the new ones may be.
  private static var probesCount: Int { 1024 }
  private static var fartherMax: Double { 1.25 }

  let table: Table
  /// The rows to choose from; nil: all.
  var members: [UInt32]?
  /// What makes ordering values distances of 0 and more; nil where none does, and rows are drawn evenly.
  let offset: Float?
  let seed: UInt64

  private var count: Int { members?.count ?? table.count }
  private var most: Int { max(1, min(Self.entriesMax, Self.powerOfTwo(upTo: count / Self.rowsPerEntryMin))) }
  private var least: Int { min(most, max(16, Self.powerOfTwo(upTo: Int(Double(count).squareRoot() / 2)))) }

  /// An older graph's entries, where there are enough, and rows that are new lie as near to them as others do.
  /// - Returns: nil where entries are to be chosen anew
  /// - Complexity: O(entries) distances.
  func kept(_ entries: [UInt32], isNew: (UInt32) -> Bool) -> [UInt32]? {
    guard entries.count >= least, entries.count <= most, let offset else { return nil }
    var (old, new) = (MeanDistance(), MeanDistance())
    for row in sample(min(count, Self.probesCount)) {
      let distance = max(0, (distances(of: entries, from: row).min() ?? 0) + offset)
      if isNew(row) { new.add(distance) } else { old.add(distance) }
    }
    return new.mean <= old.mean * Self.fartherMax ? entries : nil
  }

  private struct MeanDistance {
    private var count = 0
    private var sum = 0.0
    var mean: Double { sum / Double(max(1, count)) }

    mutating func add(_ distance: Float) {
      count += 1
      sum += Double(distance)
    }
  }

  /// Rows at equal steps.
  private func sample(_ sampleCount: Int) -> [UInt32] {
    (0..<sampleCount).map { index in
      let place = index * count / sampleCount
      return members?[place] ?? UInt32(place)
    }
  }

  /// At least one row, where there are some to choose from.
  func choose() -> [UInt32] {
    let sample = sample(min(count, most * Self.sampledPerEntry))
    let sampleCount = sample.count
    var nearest = [Float](repeating: offset == nil ? 1 : .greatestFiniteMagnitude, count: sampleCount)
    var random = SplitMix64(state: seed)
    var chosen: [UInt32] = []
    var best = (count: 1, cost: Double.infinity)
    var next = Int.random(in: 0..<sampleCount, using: &random)
    while true {
      chosen.append(sample[next])
      approach(sample, next, &nearest)
      let left = nearest.reduce(0.0) { $0 + Double($1) }
      if chosen.count >= least, chosen.count.nonzeroBitCount == 1 {
        let doublings = chosen.count.trailingZeroBitCount
        var cost = left / Double(max(1, sampleCount - chosen.count))
        for _ in 0..<doublings { cost /= Self.worthwhileShare }
        if cost < best.cost { best = (chosen.count, cost) }
      }
      if chosen.count == most || offset == nil && chosen.count == least || !(left > 0) { break }
      var target = Double.random(in: 0..<left, using: &random)
      next =
        nearest.firstIndex { distance in
          target -= Double(distance)
          return target < 0
        } ?? nearest.indices.last { nearest[$0] > 0 } ?? 0
    }
    return Array(chosen.prefix(best.count))
  }

  /// Lowers the sample's distances to those from a new entry.
  private func approach(_ sample: [UInt32], _ entry: Int, _ nearest: inout [Float]) {
    guard let offset else {
      nearest[entry] = 0
      return
    }
    let distances = distances(of: sample, from: sample[entry])
    for index in sample.indices where distances[index] + offset < nearest[index] {
      nearest[index] = max(0, distances[index] + offset)
    }
    nearest[entry] = 0
  }

  private func distances(of rows: [UInt32], from row: UInt32) -> [Float] {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(64, table.queryByteCount), alignment: 64)
    defer { unsafe memory.deallocate() }
    let scorer = unsafe table.scorer(ofRow: Int(row), memory: memory)
    return unsafe [Float](unsafeUninitializedCapacity: rows.count) { buffer, initialized in
      unsafe rows.withUnsafeBufferPointer { rows in
        guard let first = rows.baseAddress, let out = buffer.baseAddress else { return }
        unsafe scorer.score(first, first: 0, count: rows.count, into: out)
        initialized = rows.count
      }
    }
  }

  /// The largest power of two that is not above `count`, at least 1.
  private static func powerOfTwo(upTo count: Int) -> Int {
    var power = 1
    while 2 * power <= count { power *= 2 }
    return power
  }
}
