import CKernels

/// The buffers of one searching thread, reused from query to query; grown, never shrunk.
///
/// Owned by one thread at a time.
@safe package final class SearchScratch {
  /// Rows that one kernel call takes at most: two lists of the longest kind.
  static let batchMax = 4 * GraphParameters.mMax
  /// Words of a filter that a scan looks through at a time.
  static let batchWordsMax = 256

  private(set) var visited = unsafe VisitedRows(count: 0)

  private var poolEntries = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
  private var poolCapacity = 1
  private var resultEntries = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
  private var resultCapacity = 1

  /// [batchMax + 1] rows about to be compared (loops write one beyond what they keep), and the distances that the kernels answer.
  let batchRows = UnsafeMutablePointer<UInt32>.allocate(capacity: batchMax + 1)
  let batchDistances = UnsafeMutablePointer<Float>.allocate(capacity: batchMax)
  /// [batchWordsMax + 1] places of words that have bits.
  let batchWords = UnsafeMutablePointer<UInt32>.allocate(capacity: batchWordsMax + 1)
  /// [batchMax] what the rows are called outside.
  let batchNumbers = UnsafeMutablePointer<UInt32>.allocate(capacity: batchMax)
  /// [3 × batchMax] what queries of several examples need besides.
  let exampleDistances = UnsafeMutablePointer<Float>.allocate(capacity: 3 * batchMax)

  /// Where a walk begins.
  let startEntries = UnsafeMutablePointer<UInt64>.allocate(capacity: 16)

  private var entryDistancesMemory = UnsafeMutablePointer<Float>.allocate(capacity: 1)
  private var entryDistancesCount = 1

  private var queryBytes = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
  private var queryBytesCount = 64

  /// Searches that a thread has under way together at most.
  static let lanesMax = 8
  private var otherLanes: [SearchScratch] = []

  package init() {}

  /// The buffers of one of the searches that are under way together; those of the first are this scratch's own.
  func lane(_ index: Int) -> SearchScratch {
    if index == 0 { return self }
    precondition(index < Self.lanesMax)
    while otherLanes.count < index { otherLanes.append(SearchScratch()) }
    return otherLanes[index - 1]
  }

  deinit {
    unsafe visited.deallocate()
    unsafe poolEntries.deallocate()
    unsafe resultEntries.deallocate()
    unsafe startEntries.deallocate()
    unsafe entryDistancesMemory.deallocate()
    unsafe batchRows.deallocate()
    unsafe batchDistances.deallocate()
    unsafe batchWords.deallocate()
    unsafe batchNumbers.deallocate()
    unsafe exampleDistances.deallocate()
    unsafe queryBytes.deallocate()
  }

  /// Forgets what was visited, and makes room for `count` nodes.
  func beginVisiting(count: Int) {
    if unsafe visited.capacity >= count { return unsafe visited.clear() }
    unsafe visited.deallocate()
    unsafe visited = VisitedRows(count: count)
  }

  /// An empty pool of candidates in this scratch's memory; it replaces the previous one.
  func candidates(capacity: Int) -> CandidatePool {
    if poolCapacity < capacity {
      unsafe poolEntries.deallocate()
      unsafe poolEntries = .allocate(capacity: capacity)
      poolCapacity = capacity
    }
    return unsafe CandidatePool(entries: poolEntries, capacity: capacity)
  }

  /// Where a walk begins for one of several examples.
  var exampleStarts: CandidatePool { unsafe CandidatePool(entries: startEntries + 8, capacity: 8) }

  /// A second pool: the accepted rows where candidates are more than those.
  func results(capacity: Int) -> CandidatePool {
    if resultCapacity < capacity {
      unsafe resultEntries.deallocate()
      unsafe resultEntries = .allocate(capacity: capacity)
      resultCapacity = capacity
    }
    return unsafe CandidatePool(entries: resultEntries, capacity: capacity)
  }

  /// Room for the distances of entries, in whole blocks, and for the least of each block.
  func entryDistances(count: Int) -> UnsafeMutablePointer<Float> {
    let needed = count + count / Int(NT_ENTRY_BLOCK) + 2 * Int(NT_ENTRY_BLOCK)
    if entryDistancesCount < needed {
      unsafe entryDistancesMemory.deallocate()
      unsafe entryDistancesMemory = .allocate(capacity: needed)
      entryDistancesCount = needed
    }
    return unsafe entryDistancesMemory
  }

  /// Memory for queries' codes, aligned to 64 bytes; it replaces the previous.
  func queryMemory(byteCount: Int) -> UnsafeMutableRawPointer {
    if queryBytesCount < byteCount {
      unsafe queryBytes.deallocate()
      unsafe queryBytes = .allocate(byteCount: byteCount, alignment: 64)
      queryBytesCount = byteCount
    }
    return unsafe queryBytes
  }
}
