import CKernels
import VectorModel

/// Builds a graph by inserting all rows, on several threads: Algorithm 1 of Malkov & Yashunin (2018).
///
/// Deviations: levels are drawn for all rows first, so the upper levels are laid out once and the row with the highest
/// level is inserted first and stays the entry point; a node's own links are written on all its levels before any link
/// to it, so that no thread meets a node that leads nowhere.
///
/// Threads share the links: each list has a lock for writers, and readers take single words as they come.
@safe final class GraphBuilder<Table: RowTable>: Sendable {
  let table: Table
  let parameters: GraphParameters
  /// Added to ordering values before they are compared under α, so that 0 is the distance of equal vectors.
  let heuristicOffset: Float
  /// α for ordering values: squared where these are squares.
  let heuristicFactor: Float
  let graph: GraphLinks
  /// The highest level of each row.
  private let levels: [UInt8]
  private let entryRow: UInt32
  /// [2]: the next row to insert, whether to stop.
  nonisolated(unsafe) private let shared: UnsafeMutablePointer<UInt64>
  /// One lock a row and level 0, then one a node and upper level.
  nonisolated(unsafe) private let locks: UnsafeMutablePointer<UInt8>
  private let lockOffsets: [Int]

  /// - Throws: `insufficientStorage` when the system refuses the memory.
  init(table: Table, distance: Distance, parameters: GraphParameters) throws(RequestError) {
    precondition(parameters.m >= 1 && parameters.m <= GraphParameters.mMax && table.count >= 1)
    self.table = table
    self.parameters = parameters
    heuristicOffset = distance == .cosine ? 1 : 0
    heuristicFactor =
      switch distance {
      case .cosine, .euclid: parameters.alpha * parameters.alpha
      case .manhattan: parameters.alpha
      case .dot: 1
      }
    levels = Self.drawLevels(count: table.count, parameters: parameters)
    let top = Int(levels.max() ?? 0)
    entryRow = UInt32(levels.firstIndex(of: UInt8(top)) ?? 0)
    graph = try Self.layOut(levels: levels, top: top, m: parameters.m, entryRow: entryRow)
    var offsets: [Int] = []
    var total = 0
    for layer in graph.layers {
      offsets.append(total)
      total += layer.count
    }
    lockOffsets = offsets
    unsafe shared = .allocate(capacity: 2)
    unsafe shared.initialize(repeating: 0, count: 2)
    unsafe locks = .allocate(capacity: total)
    unsafe locks.initialize(repeating: 0, count: total)
  }

  deinit {
    unsafe shared.deallocate()
    unsafe locks.deallocate()
  }

  /// Inserts all rows and connects those that no walk would reach.
  ///
  /// - Returns: nil when `isCancelled` said so; it is asked between insertions, on any of the threads
  func build(threads: Int, isCancelled: @escaping @Sendable () -> Bool) -> GraphLinks? {
    let count = table.count
    WorkerThreads.run(count: max(1, min(threads, count / 64))) { [self] _ in
      let inserter = GraphInserter(builder: self)
      while true {
        let row = unsafe Int(nt_next(shared))
        if row >= count || isStopped { return }
        if row % 32 == 0, isCancelled() {
          stop()
          return
        }
        if row != entryRow { inserter.insert(UInt32(row), level: Int(levels[row])) }
      }
    }
    if isStopped { return nil }
    if parameters.keepsPruned { fillFreeSlots(threads: threads) }
    let repair = GraphRepair(builder: self)
    return repair.run(isCancelled: isCancelled) ? graph : nil
  }

  private func fillFreeSlots(threads: Int) {
    let count = table.count
    let linksMax = parameters.baseLinksMax * GraphFill<Table>.filledPercent / 100
    let workers = max(1, min(threads, count / 64))
    WorkerThreads.run(count: workers) { [self] worker in
      let fill = GraphFill(builder: self)
      for row in (count * worker / workers)..<(count * (worker + 1) / workers) {
        fill.fill(row, linksMax: linksMax)
      }
    }
  }

  private var isStopped: Bool { unsafe nt_load(stopWord) != 0 }

  private func stop() { unsafe nt_store(stopWord, 1) }

  private var stopWord: UnsafeMutablePointer<UInt32> {
    unsafe UnsafeMutableRawPointer(shared + 1).assumingMemoryBound(to: UInt32.self)
  }

  func lock(_ node: UInt32, level: Int) { unsafe nt_lock(locks + lockOffsets[level] + Int(node)) }

  func unlock(_ node: UInt32, level: Int) { unsafe nt_unlock(locks + lockOffsets[level] + Int(node)) }

  /// Level l with probability m^−l·(1 − 1/m): the floor of an exponential variable with the paper's m_L = 1/ln m.
  private static func drawLevels(count: Int, parameters: GraphParameters) -> [UInt8] {
    var random = SplitMix64(state: parameters.seed)
    let threshold = UInt64.max / UInt64(max(parameters.m, 2))
    return (0..<count).map { _ in
      var level: UInt8 = 0
      while level < UInt8(GraphLinks.levelsMax - 1), random.next() < threshold { level += 1 }
      return level
    }
  }

  private static func layOut(levels: [UInt8], top: Int, m: Int, entryRow: UInt32) throws(RequestError)
    -> GraphLinks
  {
    var counts = [Int](repeating: 0, count: top + 1)
    for level in levels { counts[Int(level)] += 1 }
    for level in stride(from: top - 1, through: 0, by: -1) { counts[level] += counts[level + 1] }
    let baseBytes = counts[0] * 2 * m * 4
    let upperBytes = GraphLinks.upperByteCount(m: m, counts: counts)
    let base = try AnonymousMemory(byteCount: baseBytes)
    let upper = try AnonymousMemory(byteCount: upperBytes)
    unsafe _ = base.bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
    unsafe _ = upper.bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
    let upperSlice = upper.slice(count: upperBytes)
    let baseSlice = base.slice(count: baseBytes)
    let draft = GraphLinks(m: m, counts: counts, entry: 0, base: baseSlice, upper: upperSlice)
    for level in draft.layers.indices.dropFirst() {
      let layer = draft.layers[level]
      guard let rows = unsafe layer.rows, let down = unsafe layer.down else { continue }
      var node = 0
      for row in levels.indices where Int(levels[row]) >= level {
        unsafe rows[node] = UInt32(row)
        unsafe down[node] = draft.layers[level - 1].node(ofRow: UInt32(row))
        node += 1
      }
    }
    let entry = draft.layers[top].node(ofRow: entryRow)
    return GraphLinks(m: m, counts: counts, entry: entry, base: baseSlice, upper: upperSlice)
  }
}

/// A small generator with a seed (Steele, Lea & Flood 2014).
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
