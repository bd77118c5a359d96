import CKernels
import VectorModel

/// One level of the graph: a fixed number of slots for links a node, unused ones `NT_NO_NODE` and last.
///
/// On level 0 a node is its row; above, nodes are numbered within their level.
@safe struct GraphLayer: Sendable {
  let count: Int
  /// Slots a node.
  let slots: Int
  nonisolated(unsafe) let links: UnsafeMutablePointer<UInt32>
  /// The row of each node, ascending; nil on level 0.
  nonisolated(unsafe) let rows: UnsafeMutablePointer<UInt32>?
  /// The number of each node one level below; nil on level 0.
  nonisolated(unsafe) let down: UnsafeMutablePointer<UInt32>?

  func row(_ node: UInt32) -> UInt32 {
    if let rows = unsafe rows { unsafe rows[Int(node)] } else { node }
  }

  /// The node of a row that is on this level.
  ///
  /// - Complexity: O(log count)
  func node(ofRow row: UInt32) -> UInt32 {
    guard let rows = unsafe rows else { return row }
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if unsafe rows[middle] < row { low = middle + 1 } else { high = middle }
    }
    return UInt32(low)
  }
}

/// The links of a hierarchical navigable small world (Malkov & Yashunin 2018), level by level.
struct GraphLinks: Sendable {
  let m: Int
  /// Level 0 first.
  let layers: [GraphLayer]
  /// The node of the highest level where searches begin.
  let entry: UInt32
  /// [count × 2m] u32: level 0.
  let base: MemorySlice
  /// For each level from 1: rows [n], down [n], links [n × m], all u32.
  let upper: MemorySlice

  /// Most levels that a graph may have.
  static let levelsMax = 32

  /// Lays out `counts[level]` nodes a level over memory of the stated sizes.
  init(m: Int, counts: [Int], entry: UInt32, base: MemorySlice, upper: MemorySlice) {
    precondition(
      base.count >= counts[0] * 2 * m * 4 && upper.count >= Self.upperByteCount(m: m, counts: counts))
    self.m = m
    self.entry = entry
    self.base = base
    self.upper = upper
    let baseLinks = unsafe UnsafeMutablePointer(mutating: base.pointer(to: UInt32.self))
    var next = unsafe UnsafeMutablePointer(mutating: upper.pointer(to: UInt32.self))
    var layers = unsafe [GraphLayer(count: counts[0], slots: 2 * m, links: baseLinks, rows: nil, down: nil)]
    for count in counts.dropFirst() {
      unsafe layers.append(
        GraphLayer(count: count, slots: m, links: next + 2 * count, rows: next, down: next + count))
      unsafe next += count * (2 + m)
    }
    self.layers = layers
  }

  static func upperByteCount(m: Int, counts: [Int]) -> Int {
    counts.dropFirst().reduce(0) { $0 + $1 * (2 + m) * 4 }
  }

  /// Checks that no link, row or number below points outside its level, so that no search can read out of bounds.
  ///
  /// - Throws: `internalError` naming the first thing that is wrong.
  /// - Complexity: O(links)
  func validate() throws(RequestError) {
    guard entry < layers[layers.count - 1].count else {
      throw .internalError("index part is damaged: entry point \(entry) is beyond its level")
    }
    for (level, layer) in layers.enumerated() {
      let count = UInt32(layer.count)
      for slot in 0..<(layer.count * layer.slots) {
        let node = unsafe layer.links[slot]
        if node >= count && node != NT_NO_NODE {
          throw .internalError("index part is damaged: a link to node \(node) of \(count) on level \(level)")
        }
      }
      guard let rows = unsafe layer.rows, let down = unsafe layer.down else { continue }
      let below = layers[level - 1]
      for node in 0..<layer.count {
        let lower = unsafe down[node]
        guard lower < below.count, unsafe rows[node] == below.row(lower) else {
          throw .internalError("index part is damaged: node \(node) of level \(level) has no node below")
        }
      }
    }
  }
}
