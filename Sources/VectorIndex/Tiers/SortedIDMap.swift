package import VectorModel

/// A map from ids to slots in the order of the ids, whose copies share their chunks.
///
/// Two levels: chunks of at most 512 entries, each sorted, and chunks in order.
package struct SortedIDMap: Sendable {
  package struct Entry: Sendable {
    package var id: PointID
    package var slot: UInt32
  }

  private static let chunkCountMax = 512

  private var chunks: [[Entry]] = []
  package private(set) var count = 0

  package init() {}

  /// - Complexity: O(log count).
  package subscript(id: PointID) -> UInt32? {
    guard let chunk = chunkIndex(of: id) else { return nil }
    let index = Self.lowerBound(chunks[chunk], id)
    guard index < chunks[chunk].count, chunks[chunk][index].id == id else { return nil }
    return chunks[chunk][index].slot
  }

  /// - Complexity: O(log count + chunk).
  package mutating func set(_ id: PointID, to slot: UInt32) {
    let entry = Entry(id: id, slot: slot)
    if chunks.isEmpty {
      chunks.append([entry])
      count = 1
      return
    }
    let chunk = chunkIndex(of: id) ?? chunks.count - 1
    let index = Self.lowerBound(chunks[chunk], id)
    if index < chunks[chunk].count, chunks[chunk][index].id == id {
      chunks[chunk][index].slot = slot
      return
    }
    chunks[chunk].insert(entry, at: index)
    count += 1
    if chunks[chunk].count > Self.chunkCountMax { split(chunk) }
  }

  /// Splits in the middle, but behind the last entry when ids ascend, so that ascending loads fill chunks.
  private mutating func split(_ chunk: Int) {
    let isLast = chunk == chunks.count - 1
    let middle = isLast ? chunks[chunk].count - 1 : chunks[chunk].count / 2
    let upper = Array(chunks[chunk][middle...])
    chunks[chunk].removeSubrange(middle...)
    chunks.insert(upper, at: chunk + 1)
  }

  /// - Complexity: O(log count + chunk).
  package mutating func remove(_ id: PointID) {
    guard let chunk = chunkIndex(of: id) else { return }
    let index = Self.lowerBound(chunks[chunk], id)
    guard index < chunks[chunk].count, chunks[chunk][index].id == id else { return }
    chunks[chunk].remove(at: index)
    count -= 1
    if chunks[chunk].isEmpty { chunks.remove(at: chunk) }
  }

  /// Calls `body` with the entries from `start` on (or all), ascending, until it returns false.
  package func forEach(from start: PointID?, _ body: (Entry) -> Bool) {
    var chunk = 0
    var index = 0
    if let start {
      guard let first = chunkIndex(of: start) else { return }
      chunk = first
      index = Self.lowerBound(chunks[first], start)
    }
    while chunk < chunks.count {
      while index < chunks[chunk].count {
        if !body(chunks[chunk][index]) { return }
        index += 1
      }
      chunk += 1
      index = 0
    }
  }

  /// The entry at a place in the order, for merging with another order.
  package struct Cursor {
    var chunk: Int
    var index: Int
  }

  package func cursor(from start: PointID?) -> Cursor {
    guard let start else { return Cursor(chunk: 0, index: 0) }
    guard let first = chunkIndex(of: start) else { return Cursor(chunk: chunks.count, index: 0) }
    return Cursor(chunk: first, index: Self.lowerBound(chunks[first], start))
  }

  package func entry(at cursor: Cursor) -> Entry? {
    cursor.chunk < chunks.count ? chunks[cursor.chunk][cursor.index] : nil
  }

  package func advance(_ cursor: inout Cursor) {
    cursor.index += 1
    if cursor.chunk < chunks.count, cursor.index == chunks[cursor.chunk].count {
      cursor.chunk += 1
      cursor.index = 0
    }
  }

  /// The first chunk whose last id is at least `id`.
  private func chunkIndex(of id: PointID) -> Int? {
    var low = 0
    var high = chunks.count
    while low < high {
      let middle = (low + high) / 2
      if let last = chunks[middle].last, last.id < id { low = middle + 1 } else { high = middle }
    }
    return low < chunks.count ? low : nil
  }

  private static func lowerBound(_ entries: [Entry], _ id: PointID) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
