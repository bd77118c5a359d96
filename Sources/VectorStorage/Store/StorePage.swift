/// A page of a tree in an LMDB file, read without trust.
///
/// ```
///  0  8  number of the page        12  2  end of the list of nodes
/// 10  2  1 branch, 2 leaf          14  2  beginning of the nodes
/// 16     16-bit offset of each node; free space; nodes
/// ```
/// A node is the data's bytes or the child's number (6), flags in the last two of these in a leaf, the key's bytes
/// (2), key, data.
struct StorePage {
  /// A key and its data, or its child.
  struct Node {
    let key: [UInt8]
    /// A leaf's data in the page; nil in a branch and where the data has pages of its own.
    let data: [UInt8]?
    /// The first of the pages that hold the data.
    let overflowPage: UInt64?
    /// Bytes of the data.
    let dataByteCount: Int
    /// A branch's child.
    let child: UInt64?
    let flags: UInt16
  }

  static let headerByteCount = 16
  private static let branchFlag: UInt16 = 1
  private static let leafFlag: UInt16 = 2
  private static let overflowFlag: UInt16 = 4
  private static let nodeHeaderByteCount = 8
  private static let bigDataFlag: UInt16 = 1
  /// The node is the record of a table.
  static let tableFlag: UInt16 = 2

  let isLeaf: Bool
  let nodes: [Node]

  /// Reads the page of `number`; nil when its bytes contradict one another.
  init?(_ bytes: [UInt8], number: UInt64) {
    let span = bytes.span
    let flags: UInt16 = span.load(at: 10)
    guard span.load(UInt64.self, at: 0) == number, flags == Self.branchFlag || flags == Self.leafFlag else {
      return nil
    }
    isLeaf = flags == Self.leafFlag
    let (lower, upper) = (Int(span.load(UInt16.self, at: 12)), Int(span.load(UInt16.self, at: 14)))
    guard lower >= Self.headerByteCount, lower % 2 == 0, lower <= upper, upper <= bytes.count else {
      return nil
    }
    var nodes: [Node] = []
    var extents: [Range<Int>] = []
    for place in stride(from: Self.headerByteCount, to: lower, by: 2) {
      let start = Int(span.load(UInt16.self, at: place))
      guard start >= upper, let (node, end) = Self.node(span, at: start, isLeaf: isLeaf) else { return nil }
      nodes.append(node)
      extents.append(start..<end)
    }
    // The nodes fill the rest of the page without gap or overlap.
    extents.sort { $0.lowerBound < $1.lowerBound }
    var end = upper
    for extent in extents {
      guard extent.lowerBound == end else { return nil }
      end = extent.upperBound
    }
    guard end == bytes.count else { return nil }
    self.nodes = nodes
  }

  private static func node(_ page: Span<UInt8>, at start: Int, isLeaf: Bool) -> (Node, Int)? {
    guard start + nodeHeaderByteCount <= page.count else { return nil }
    let low = UInt64(page.load(UInt16.self, at: start)) | UInt64(page.load(UInt16.self, at: start + 2)) << 16
    let flags: UInt16 = page.load(at: start + 4)
    let keyStart = start + nodeHeaderByteCount
    let keyEnd = keyStart + Int(page.load(UInt16.self, at: start + 6))
    guard keyEnd <= page.count else { return nil }
    let key = Array(copying: page.extracting(keyStart..<keyEnd))
    guard isLeaf else {
      let child = low | UInt64(flags) << 32
      let node = Node(key: key, data: nil, overflowPage: nil, dataByteCount: 0, child: child, flags: 0)
      return (node, (keyEnd + 1) & ~1)
    }
    guard flags & ~(bigDataFlag | tableFlag) == 0 else { return nil }
    let isBig = flags & bigDataFlag != 0
    let dataEnd = keyEnd + (isBig ? 8 : Int(low))
    guard dataEnd <= page.count else { return nil }
    let node = Node(
      key: key, data: isBig ? nil : Array(copying: page.extracting(keyEnd..<dataEnd)),
      overflowPage: isBig ? page.load(at: keyEnd) : nil, dataByteCount: Int(low), child: nil,
      flags: flags)
    return (node, (dataEnd + 1) & ~1)
  }

  /// How many pages the data that begins on the page of `number` takes; nil when `bytes` is no such page.
  static func overflowPageCount(_ bytes: Span<UInt8>, number: UInt64) -> UInt64? {
    guard bytes.count >= headerByteCount, bytes.load(UInt64.self, at: 0) == number,
      bytes.load(UInt16.self, at: 10) == overflowFlag
    else { return nil }
    return UInt64(bytes.load(UInt32.self, at: 12))
  }
}
