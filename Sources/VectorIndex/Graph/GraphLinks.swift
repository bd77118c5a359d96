import CKernels
import VectorModel

/// The links of a graph with one level, and the rows where walks begin.
///
/// Deviation from Malkov & Yashunin (2018): instead of a hierarchy there are entry rows, all of which a query is
/// compared with (`EntrySelection`). In data of many separate clusters greedy steps down a hierarchy end in a wrong
/// cluster, which nothing leads out of; a scan of a few hundred rows that lie side by side costs less than the descent.
@safe struct GraphLinks: Sendable {
  let m: Int
  let count: Int
  /// [count × slots] u32; unused slots are `NT_NO_NODE` and last.
  nonisolated(unsafe) let links: UnsafeMutablePointer<UInt32>
  /// [entriesCount] u32: different rows; all rows can be reached from the first.
  nonisolated(unsafe) let entries: UnsafePointer<UInt32>
  let entriesCount: Int
  /// The memory of `links` and of `entries`.
  let linkBytes: MemorySlice
  let entryBytes: MemorySlice

  /// Slots for links a row.
  var slots: Int { 2 * m }

  /// Most entry rows that a graph may have.
  static let entriesMax = 1 << 16

  /// - Precondition: the slices have the sizes stated above, and there is an entry row
  init(m: Int, count: Int, linkBytes: MemorySlice, entryBytes: MemorySlice) {
    precondition(linkBytes.count >= count * 2 * m * 4 && entryBytes.count >= 4)
    self.m = m
    self.count = count
    self.linkBytes = linkBytes
    self.entryBytes = entryBytes
    unsafe links = UnsafeMutablePointer(mutating: linkBytes.pointer(to: UInt32.self))
    unsafe entries = entryBytes.pointer(to: UInt32.self)
    entriesCount = entryBytes.count / 4
  }

  /// Memory for the links of `count` rows, all slots unused.
  ///
  /// - Throws: `insufficientStorage` when the system refuses the memory.
  init(m: Int, count: Int, entries: [UInt32]) throws(RequestError) {
    self.init(m: m, count: count, linkBytes: try Self.unusedLists(m: m, count: count), entries: entries)
  }

  /// The lists of `count` rows, all slots unused.
  ///
  /// - Throws: `insufficientStorage` when the system refuses the memory.
  static func unusedLists(m: Int, count: Int) throws(RequestError) -> MemorySlice {
    let byteCount = count * 2 * m * 4
    let memory = try AnonymousMemory(byteCount: byteCount)
    unsafe _ = memory.bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
    return memory.slice(count: byteCount)
  }

  /// Links in memory that is there already.
  init(m: Int, count: Int, linkBytes: MemorySlice, entries: [UInt32]) {
    self.init(m: m, count: count, linkBytes: linkBytes, entryBytes: Self.bytes(of: entries))
  }

  private static func bytes(of entries: [UInt32]) -> MemorySlice {
    MemorySlice(MemoryRegion(copying: unsafe entries.withUnsafeBytes { unsafe [UInt8]($0) }))
  }

  /// Entry rows for the lowest level of a hierarchy: its entry point first, then rows at equal steps.
  static func entryBytes(besides entry: UInt32, count: Int) -> MemorySlice {
    let others = Int(Double(count).squareRoot())
    return bytes(of: [entry] + (0..<others).map { UInt32($0 * count / others) }.filter { $0 != entry })
  }

  /// The rows where walks begin.
  var entryRows: [UInt32] { (0..<entriesCount).map { unsafe entries[$0] } }

  /// Checks that no link and no entry points outside, so that no search can read out of bounds.
  ///
  /// - Throws: `internalError` naming the first thing that is wrong.
  /// - Complexity: O(links)
  func validate() throws(RequestError) {
    for index in 0..<entriesCount {
      let row = unsafe entries[index]
      guard row < count else {
        throw .internalError("index part is damaged: entry row \(row) of \(count)")
      }
    }
    for slot in 0..<(count * slots) {
      let row = unsafe links[slot]
      guard row < count || row == NT_NO_NODE else {
        throw .internalError("index part is damaged: a link to row \(row) of \(count)")
      }
    }
  }
}
