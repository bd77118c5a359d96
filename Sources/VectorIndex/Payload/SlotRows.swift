/// A map from slots to rows, whose copies share their chunks: a change after a copy costs one chunk and the list of
/// chunks.
///
/// Four bytes a slot in those chunks of a thousand slots that have a row.
struct SlotRows: Sendable {
  private static let chunkCount = 1024
  private static let noRow = UInt32.max

  /// By slot; empty where no slot of a chunk has had a row.
  private var chunks: [[UInt32]] = []
  /// Slots that have a row.
  private(set) var count = 0

  subscript(slot: UInt32) -> UInt32? {
    let (chunk, place) = Int(slot).quotientAndRemainder(dividingBy: Self.chunkCount)
    guard chunk < chunks.count, !chunks[chunk].isEmpty else { return nil }
    let row = chunks[chunk][place]
    return row == Self.noRow ? nil : row
  }

  mutating func set(_ slot: UInt32, to row: UInt32) {
    precondition(row != Self.noRow)
    let (chunk, place) = Int(slot).quotientAndRemainder(dividingBy: Self.chunkCount)
    while chunks.count <= chunk { chunks.append([]) }
    if chunks[chunk].isEmpty {
      chunks[chunk] = [UInt32](repeating: Self.noRow, count: Self.chunkCount)
    }
    if chunks[chunk][place] == Self.noRow { count += 1 }
    chunks[chunk][place] = row
  }

  /// - Returns: the row that the slot had.
  mutating func remove(_ slot: UInt32) -> UInt32? {
    guard let row = self[slot] else { return nil }
    let (chunk, place) = Int(slot).quotientAndRemainder(dividingBy: Self.chunkCount)
    chunks[chunk][place] = Self.noRow
    count -= 1
    return row
  }
}
