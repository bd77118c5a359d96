/// The rows that a walk has visited, one bit each: of a million rows 125 KB, so that several walks' share the second-level
/// cache.
///
/// A copy stands for the same memory. Owned by one thread at a time.
@unsafe struct VisitedRows {
  /// Words up to which all bits are cleared for the next walk; of more those of the rows that were visited.
  private static var clearedWordsMax: Int { 4096 }
  /// Visited rows that are listed; behind more of them all bits are cleared.
  private static var listedMax: Int { 4096 }

  private let words: UnsafeMutablePointer<UInt32>
  private let wordCount: Int
  /// [1 + listedMax]: how many rows were visited, and which; nil where all bits are cleared.
  private let list: UnsafeMutablePointer<UInt32>?

  /// Room for rows up to `count`, none visited.
  init(count: Int) {
    unsafe wordCount = (count + 31) / 32
    unsafe words = .allocate(capacity: max(1, wordCount))
    unsafe words.initialize(repeating: 0, count: wordCount)
    unsafe list = wordCount <= Self.clearedWordsMax ? nil : .allocate(capacity: 1 + Self.listedMax)
    unsafe list?.initialize(to: 0)
  }

  func deallocate() {
    unsafe words.deallocate()
    unsafe list?.deallocate()
  }

  /// Rows that there is room for.
  var capacity: Int { unsafe 32 * wordCount }

  /// Forgets all rows.
  func clear() {
    guard let list = unsafe list, unsafe list[0] <= Self.listedMax else {
      unsafe words.update(repeating: 0, count: wordCount)
      unsafe list?.pointee = 0
      return
    }
    for index in unsafe 0..<Int(list[0]) { unsafe words[Int(list[1 + index] >> 5)] = 0 }
    unsafe list[0] = 0
  }

  @inline(__always)
  func contains(_ row: UInt32) -> Bool { unsafe words[Int(row >> 5)] &>> row & 1 != 0 }

  /// - Returns: whether the row was not visited before
  @inline(__always)
  @discardableResult func insert(_ row: UInt32) -> Bool {
    guard unsafe mark(row) else { return false }
    unsafe withUnsafePointer(to: row) { unsafe note($0, count: 1) }
    return true
  }

  /// `insert` without a branch; those that were not visited before are to be `note`d.
  @inline(__always)
  func mark(_ row: UInt32) -> Bool {
    let word = Int(row >> 5)
    let old = unsafe words[word]
    unsafe words[word] = old | 1 &<< row
    return old &>> row & 1 == 0
  }

  /// Lists rows that `mark` found to be new.
  @inline(__always)
  func note(_ rows: UnsafePointer<UInt32>, count: Int) {
    guard let list = unsafe list else { return }
    let listed = unsafe Int(list[0])
    if unsafe listed + count <= Self.listedMax {
      unsafe (list + 1 + listed).update(from: rows, count: count)
      unsafe list[0] = UInt32(listed + count)
    } else {
      unsafe list[0] = UInt32(Self.listedMax + 1)
    }
  }
}
