import VectorModel

/// Slots in the portable serialised form of roaring bitmaps (RoaringFormatSpec; Lemire, Kaser, Kurz, Deri, O'Hara,
/// Saint-Jacques and Ssi-Yan-Kai 2018), read where it lies.
///
/// A chunk of 65,536 slots is an array of u16, a bitmap of 8 KB or a list of runs. Reading is checked once by
/// `isValid`; after that nothing is looked at again, and the slots go into flat words, where sets combine fastest.
struct SlotSet: Sendable {
  private static let cookie: UInt32 = 12_346
  private static let cookieWithRuns: UInt32 = 12_347
  private static let arrayCountMax = 4096
  private static let bitmapBytes = 8192
  /// Sets with fewer chunks have no offsets where they have runs.
  private static let offsetsChunkCountMin = 4

  let slice: MemorySlice

  init(_ slice: MemorySlice) { self.slice = slice }

  init(_ ascending: [UInt32]) { slice = MemorySlice(MemoryRegion(copying: Self.serialized(ascending))) }

  /// How a chunk's slots are written.
  private enum Form { case array, bitmap, runs }

  private struct Chunk {
    let key: UInt16
    let form: Form
    let cardinality: Int
    /// Where the slots are, in bytes; of runs behind their count.
    let offset: Int
    let byteCount: Int
  }

  /// Whether the bytes are a set of slots below `slotCount` in the canonical order, and nothing else.
  /// - Parameter cardinality: how many slots there must be, where that is known
  /// - Complexity: O(bytes).
  func isValid(slotCount: Int, cardinality: Int? = nil) -> Bool {
    var total = 0
    var end = 0
    var lastKey = -1
    let isComplete = forEachChunk { chunk in
      guard Int(chunk.key) > lastKey, highestSlot(checking: chunk).map({ $0 < slotCount }) ?? false else {
        return false
      }
      lastKey = Int(chunk.key)
      total += chunk.cardinality
      end = chunk.offset + chunk.byteCount
      return true
    }
    guard isComplete, cardinality.map({ $0 == total }) ?? true else { return false }
    return total == 0 ? slice.count == 8 : end == slice.count
  }

  /// How many slots there are.
  /// - Complexity: O(chunks).
  var cardinality: Int {
    var total = 0
    _ = forEachChunk { chunk in
      total += chunk.cardinality
      return true
    }
    return total
  }

  var isEmpty: Bool { slice.count == 8 }

  /// Whether a slot is here.
  /// - Complexity: O(chunks + log slots of a chunk).
  func contains(_ slot: UInt32) -> Bool {
    let low = UInt16(truncatingIfNeeded: slot)
    var isFound = false
    _ = forEachChunk { chunk in
      if UInt32(chunk.key) < slot >> 16 { return true }
      if UInt32(chunk.key) == slot >> 16 { isFound = contains(low, in: chunk) }
      return false
    }
    return isFound
  }

  private func contains(_ low: UInt16, in chunk: Chunk) -> Bool {
    if chunk.form == .bitmap {
      return u64(chunk.offset + 8 * Int(low >> 6)) >> UInt64(low & 63) & 1 == 1
    }
    let width = chunk.form == .array ? 2 : 4
    var first = 0
    var end = chunk.byteCount / width
    while first < end {
      let middle = (first + end) / 2
      if u16(chunk.offset + width * middle) <= low { first = middle + 1 } else { end = middle }
    }
    guard first > 0 else { return false }
    let place = chunk.offset + width * (first - 1)
    return chunk.form == .array ? u16(place) == low : Int(low) <= Int(u16(place)) + Int(u16(place + 2))
  }

  /// Adds the slots to a set.
  func insert(into words: inout SlotWords) {
    words.withWords { target in
      _ = forEachChunk { chunk in
        insert(chunk, into: &target)
        return true
      }
    }
  }

  private func insert(_ chunk: Chunk, into target: inout SlotWords.Writer) {
    let first = Int(chunk.key) << 16
    switch chunk.form {
    case .array:
      forEach(UInt16.self, at: chunk.offset, count: chunk.cardinality) { target.insert(first | Int($0)) }
    case .bitmap:
      var word = first >> 6
      forEach(UInt64.self, at: chunk.offset, count: 1024) { bits in
        target.formOr(word: word, bits)
        word &+= 1
      }
    case .runs:
      for index in 0..<(chunk.byteCount / 4) {
        let start = first | Int(u16(chunk.offset + 4 * index))
        target.insert(start..<(start + Int(u16(chunk.offset + 4 * index + 2)) + 1))
      }
    }
  }

  /// Calls `body` with each slot, ascending.
  func forEach(_ body: (UInt32) -> Void) {
    _ = forEachChunk { chunk in
      let first = UInt32(chunk.key) << 16
      switch chunk.form {
      case .array:
        forEach(UInt16.self, at: chunk.offset, count: chunk.cardinality) { body(first | UInt32($0)) }
      case .bitmap:
        for index in 0..<1024 {
          var rest = u64(chunk.offset + 8 * index)
          while rest != 0 {
            body(first | UInt32(index << 6 + rest.trailingZeroBitCount))
            rest &= rest &- 1
          }
        }
      case .runs:
        for index in 0..<(chunk.byteCount / 4) {
          let start = first | UInt32(u16(chunk.offset + 4 * index))
          for slot in start...(start + UInt32(u16(chunk.offset + 4 * index + 2))) { body(slot) }
        }
      }
      return true
    }
  }

  /// Calls `body` with the chunks until it returns false; false where the bytes end too early or `body` said so.
  private func forEachChunk(_ body: (Chunk) -> Bool) -> Bool {
    guard slice.count >= 8 else { return false }
    let cookie = u32(0)
    let hasRuns = cookie & 0xFFFF == Self.cookieWithRuns
    guard hasRuns || cookie == Self.cookie else { return false }
    let count = hasRuns ? Int(cookie >> 16) + 1 : Int(u32(4))
    guard count <= 1 << 16 else { return false }
    let flags = 4
    let header = hasRuns ? 4 + (count + 7) / 8 : 8
    let hasOffsets = !hasRuns || count >= Self.offsetsChunkCountMin
    let offsets = header + 4 * count
    var offset = offsets + (hasOffsets ? 4 * count : 0)
    guard offset <= slice.count else { return false }
    for index in 0..<count {
      let key = u16(header + 4 * index)
      let cardinality = Int(u16(header + 4 * index + 2)) + 1
      if hasOffsets, Int(u32(offsets + 4 * index)) != offset { return false }
      let form: Form
      let byteCount: Int
      if hasRuns, u8(flags + index / 8) >> UInt8(index % 8) & 1 == 1 {
        guard offset + 2 <= slice.count else { return false }
        form = .runs
        byteCount = 4 * Int(u16(offset))
        offset += 2
      } else if cardinality <= Self.arrayCountMax {
        form = .array
        byteCount = 2 * cardinality
      } else {
        form = .bitmap
        byteCount = Self.bitmapBytes
      }
      guard offset + byteCount <= slice.count else { return false }
      let chunk = Chunk(key: key, form: form, cardinality: cardinality, offset: offset, byteCount: byteCount)
      if !body(chunk) { return false }
      offset += byteCount
    }
    return true
  }

  /// The chunk's last slot; nil where its slots do not ascend or are not as many as it says.
  private func highestSlot(checking chunk: Chunk) -> Int? {
    var last = -1
    var total = 0
    switch chunk.form {
    case .array:
      for index in 0..<chunk.cardinality {
        let low = Int(u16(chunk.offset + 2 * index))
        guard low > last else { return nil }
        last = low
      }
      total = chunk.cardinality
    case .bitmap:
      for index in 0..<1024 {
        let word = u64(chunk.offset + 8 * index)
        total += word.nonzeroBitCount
        if word != 0 { last = index << 6 + 63 - word.leadingZeroBitCount }
      }
    case .runs:
      for index in 0..<(chunk.byteCount / 4) {
        let start = Int(u16(chunk.offset + 4 * index))
        let length = Int(u16(chunk.offset + 4 * index + 2)) + 1
        guard start > last, start + length <= 1 << 16 else { return nil }
        last = start + length - 1
        total += length
      }
    }
    return total == chunk.cardinality ? Int(chunk.key) << 16 | last : nil
  }

  @inline(__always) private func u8(_ offset: Int) -> UInt8 { load(offset) }
  @inline(__always) private func u16(_ offset: Int) -> UInt16 { load(offset) }
  @inline(__always) private func u32(_ offset: Int) -> UInt32 { load(offset) }
  @inline(__always) private func u64(_ offset: Int) -> UInt64 { load(offset) }

  /// Calls `body` with `count` numbers from `offset` on; callers stay inside the slice.
  @inline(__always) private func forEach<Number: FixedWidthInteger & BitwiseCopyable>(
    _: Number.Type, at offset: Int, count: Int, _ body: (Number) -> Void
  ) {
    guard var address = unsafe slice.bytes.baseAddress else { return }
    unsafe address += offset
    for _ in 0..<count {
      unsafe body(Number(littleEndian: address.loadUnaligned(as: Number.self)))
      unsafe address += MemoryLayout<Number>.size
    }
  }

  /// The number at `offset`; callers stay inside the slice.
  @inline(__always) private func load<Number: FixedWidthInteger & BitwiseCopyable>(_ offset: Int) -> Number {
    unsafe Number(littleEndian: slice.bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
  }
}

// MARK: - Writing

extension SlotSet {
  /// The bytes of a set of distinct slots.
  /// - Complexity: O(slots).
  static func serialized(_ ascending: some RandomAccessCollection<UInt32>) -> [UInt8] {
    var keys: [UInt8] = []
    var chunks: [[UInt8]] = []
    var runFlags: [Bool] = []
    var rest = ascending[...]
    while let first = rest.first {
      let chunk = rest.prefix { $0 >> 16 == first >> 16 }
      rest = rest[chunk.endIndex...]
      let (bytes, isRuns) = chunkBytes(chunk)
      keys.append(UInt16(first >> 16))
      keys.append(UInt16(chunk.count - 1))
      chunks.append(bytes)
      runFlags.append(isRuns)
    }
    let hasRuns = runFlags.contains(true)
    var bytes: [UInt8] = []
    if hasRuns {
      bytes.append(cookieWithRuns | UInt32(chunks.count - 1) << 16)
      var flags = [UInt8](repeating: 0, count: (chunks.count + 7) / 8)
      for index in runFlags.indices where runFlags[index] { flags[index / 8] |= 1 << UInt8(index % 8) }
      bytes += flags
    } else {
      bytes.append(cookie)
      bytes.append(UInt32(chunks.count))
    }
    bytes += keys
    if !hasRuns || chunks.count >= offsetsChunkCountMin {
      var offset = bytes.count + 4 * chunks.count
      for chunk in chunks {
        bytes.append(UInt32(offset))
        offset += chunk.count
      }
    }
    for chunk in chunks { bytes += chunk }
    return bytes
  }

  private static func chunkBytes(_ slots: some Collection<UInt32>) -> (bytes: [UInt8], isRuns: Bool) {
    let count = slots.count
    var runs: [(start: UInt16, last: UInt16)] = []
    for slot in slots {
      let low = UInt16(truncatingIfNeeded: slot)
      if let run = runs.last, Int(run.last) + 1 == Int(low) {
        runs[runs.count - 1].last = low
      } else {
        runs.append((low, low))
      }
    }
    var bytes: [UInt8] = []
    if 2 + 4 * runs.count < min(2 * count, bitmapBytes) {
      bytes.append(UInt16(runs.count))
      for run in runs {
        bytes.append(run.start)
        bytes.append(run.last - run.start)
      }
      return (bytes, true)
    }
    if count <= arrayCountMax {
      for slot in slots { bytes.append(UInt16(truncatingIfNeeded: slot)) }
    } else {
      bytes = [UInt8](repeating: 0, count: bitmapBytes)
      for slot in slots { bytes[Int(slot & 0xFFFF) >> 3] |= 1 << UInt8(slot & 7) }
    }
    return (bytes, false)
  }
}
