import CKernels

/// A bounded list of nodes sorted by distance, each expanded or not: both queues of Algorithm 2 in one.
///
/// An entry is one word: the distance as an integer of the same order, the node, and whether it was expanded. Inserting
/// moves the entries behind; for a few hundred entries that is cheaper than a heap.
@unsafe struct CandidatePool {
  let entries: UnsafeMutablePointer<UInt64>
  private(set) var capacity: Int
  private let kernels = unsafe BestKernels.table
  private(set) var count = 0
  /// Every entry before this one is expanded.
  private var cursor = 0
  /// How many of the nearest are expanded.
  var expandedMax = Int.max
  /// What a node must be nearer than to be taken.
  private(set) var worst = Float.infinity
  /// How many of the nearest entries are watched, what these are nearer than, and whether one came among them since
  /// `isInVain` was asked.
  private var watchedCount = 0
  private var watchedMax = Float.infinity
  private var hasImproved = false
  /// Entries expanded since one came among those that are watched, and how many may be.
  private var inVainCount = 0
  private var patience = Int.max

  /// - Parameter entries: room for `capacity` entries, which is at least 1
  init(entries: UnsafeMutablePointer<UInt64>, capacity: Int) {
    unsafe self.entries = entries
    unsafe self.capacity = capacity
  }

  /// Watches for entries that come among the first `count`, and are nearer than a bound.
  /// - Parameter patience: see `isInVain`
  mutating func watch(_ count: Int, nearerThan bound: Float, patience: Int) {
    unsafe watchedCount = count
    unsafe watchedMax = bound
    unsafe hasImproved = false
    unsafe inVainCount = 0
    unsafe self.patience = patience
  }

  /// Whether more entries than there is patience for were expanded, these among them, and none came that is watched for:
  /// a walk has then found what it will find, while the pool's far end would go on for long.
  @inline(__always)
  mutating func isInVain(expanded count: Int) -> Bool {
    unsafe inVainCount = hasImproved ? 0 : inVainCount &+ count
    unsafe hasImproved = false
    return unsafe inVainCount > patience
  }

  /// The same order as the floats, −0 as 0, NaN last.
  @inline(__always)
  static func key(_ distance: Float) -> UInt32 {
    let bits = (distance + 0).bitPattern
    let key = bits ^ (bits >> 31 == 0 ? 0x8000_0000 : 0xFFFF_FFFF)
    return distance == distance ? key : .max
  }

  @inline(__always)
  static func distance(_ entry: UInt64) -> Float {
    let key = UInt32(truncatingIfNeeded: entry >> 32)
    return Float(bitPattern: key ^ (key >> 31 == 0 ? 0xFFFF_FFFF : 0x8000_0000))
  }

  @inline(__always)
  static func node(_ entry: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: entry) >> 1 }

  /// Takes a node whose distance is below `worst`; the farthest falls out of a full pool.
  ///
  /// - Complexity: O(capacity) words moved
  @inline(__always)
  mutating func insert(_ node: UInt32, _ distance: Float) {
    let entry = unsafe UInt64(Self.key(distance)) << 32 | UInt64(node) << 1
    if unsafe count < capacity {
      unsafe count &+= 1
    } else if unsafe entry > entries[capacity &- 1] {
      return
    }
    let low = unsafe kernels.pointee.insert(entries, count &- 1, entry)
    if unsafe count == capacity { unsafe worst = Self.distance(entries[capacity &- 1]) }
    if unsafe low < cursor { unsafe cursor = low }
    if unsafe low < watchedCount && distance < watchedMax { unsafe hasImproved = true }
  }

  /// Takes a node if it is near enough.
  @inline(__always)
  mutating func offer(_ node: UInt32, _ distance: Float) {
    if unsafe distance < worst || count < capacity { unsafe insert(node, distance) }
  }

  /// Takes the nodes that are near enough.
  @inline(__always)
  mutating func offer(
    _ nodes: UnsafePointer<UInt32>, _ distances: UnsafePointer<Float>, count offered: Int
  ) {
    let least = unsafe kernels.pointee.offer(entries, &count, capacity, nodes, distances, offered)
    if unsafe least == capacity { return }
    if unsafe count == capacity { unsafe worst = Self.distance(entries[capacity &- 1]) }
    if unsafe least < cursor { unsafe cursor = least }
    if unsafe least < watchedCount && Self.distance(entries[least]) < watchedMax { unsafe hasImproved = true }
  }

  /// Keeps another number of nodes from now on.
  /// - Parameter capacity: at least 1, and at most what there is room for
  mutating func resize(capacity: Int) {
    unsafe self.capacity = capacity
    unsafe count = min(count, capacity)
    unsafe cursor = min(cursor, count)
    unsafe worst = count == capacity ? Self.distance(entries[capacity - 1]) : .infinity
  }

  /// All entries, nearest first.
  var list: [UInt64] { unsafe Array(UnsafeBufferPointer(start: entries, count: count)) }

  /// How many nodes are among some rows.
  func acceptedCount(of rows: Bitset) -> Int {
    unsafe rows.words.withUnsafeBufferPointer { words in
      var found = 0
      for index in unsafe 0..<count {
        let node = unsafe Int(Self.node(entries[index]))
        found += unsafe Int(words[node >> 6] >> UInt64(node & 63) & 1)
      }
      return found
    }
  }

  /// Removes the nodes that are not among some rows; nothing is expanded afterwards.
  mutating func keep(_ rows: Bitset) {
    unsafe rows.words.withUnsafeBufferPointer { words in
      var kept = 0
      for index in unsafe 0..<count {
        let entry = unsafe entries[index]
        let node = unsafe Int(Self.node(entry))
        if unsafe words[node >> 6] & (1 << UInt64(node & 63)) == 0 { continue }
        unsafe entries[kept] = entry
        kept += 1
      }
      unsafe count = kept
      unsafe cursor = kept
    }
  }

  /// The nearest node that is not expanded yet, marked as expanded; nil when all are.
  @inline(__always)
  mutating func expandNearest() -> UInt64? {
    while unsafe cursor < min(count, expandedMax) {
      let entry = unsafe entries[cursor]
      if entry & 1 == 0 {
        unsafe entries[cursor] = entry | 1
        unsafe cursor &+= 1
        return entry
      }
      unsafe cursor &+= 1
    }
    return nil
  }

  /// Fetches the links of the nodes that are likely to be expanded next.
  @inline(__always)
  func prefetchUpcoming(_ wanted: Int, _ links: UnsafeMutablePointer<UInt32>, _ slots: Int) {
    var left = wanted
    var index = unsafe cursor
    while left > 0, unsafe index < count {
      let entry = unsafe entries[index]
      if entry & 1 == 0 {
        let list = unsafe links + Int(Self.node(entry)) &* slots
        unsafe nt_prefetch(list)
        unsafe nt_prefetch(list + 16)
        left &-= 1
      }
      index &+= 1
    }
  }
}
