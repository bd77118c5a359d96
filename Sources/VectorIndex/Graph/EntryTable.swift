import CKernels
import VectorModel

/// The codes of a graph's entry rows, laid out so that a query is compared with sixteen at once (`nt_entry_rows`).
///
/// They have 8 bits whatever the format of the part's codes: they are few and all of them are read.
@safe struct EntryTable: Sendable {
  /// Codes of a query, and bytes that each entry has.
  let length: Int
  private let memory: MemorySlice
  nonisolated(unsafe) let blocks: UnsafePointer<UInt8>

  /// - Throws: `insufficientStorage` when the system refuses the memory.
  init(_ entries: [UInt32], of table: VectorTable, codes: CodeTable) throws(RequestError) {
    let dimension = codes.dimension
    let format = codes.format
    let length = format.queryByteCount(dimension: dimension)
    let blockBytes = length * Int(NT_ENTRY_BLOCK) + 2 * Int(NT_ENTRY_BLOCK) * 4
    let blocksCount = (entries.count + Int(NT_ENTRY_BLOCK) - 1) / Int(NT_ENTRY_BLOCK)
    let memory = try AnonymousMemory(byteCount: blocksCount * blockBytes)
    let center = unsafe codes.mean.pointer(to: Float.self)
    let stride = CodeFormat.bytes.stride(dimension: dimension)
    let row = UnsafeMutableRawPointer.allocate(byteCount: stride, alignment: 64)
    defer { unsafe row.deallocate() }
    let encoder = unsafe RowEncoder(
      dimension: dimension, distance: codes.distance, format: .bytes, mean: center, uniformScale: 1)
    let floats = FloatRows(table)
    for index in 0..<(blocksCount * Int(NT_ENTRY_BLOCK)) {
      let block =
        unsafe memory.bytes.baseAddress.unsafelyUnwrapped
        + index / Int(NT_ENTRY_BLOCK) * blockBytes
      let lane = index % Int(NT_ENTRY_BLOCK)
      let tails = unsafe (block + length * Int(NT_ENTRY_BLOCK)).assumingMemoryBound(to: Float.self)
      guard index < entries.count else {
        unsafe tails[Int(NT_ENTRY_BLOCK) + lane] = .infinity
        continue
      }
      unsafe encoder.encode(floats[Int(entries[index])], into: row)
      for element in 0..<dimension {
        let position = format.queryPosition(of: element, dimension: dimension)
        let code = unsafe row.load(fromByteOffset: element, as: UInt8.self)
        let offset = position / 4 * 4 * Int(NT_ENTRY_BLOCK) + lane * 4 + position % 4
        unsafe block.storeBytes(of: code, toByteOffset: offset, as: UInt8.self)
      }
      let tail = unsafe (row + stride - MemoryLayout<nt_code_tail>.size)
        .loadUnaligned(as: nt_code_tail.self)
      unsafe tails[lane] = format.hasTails ? tail.scale : tail.scale / codes.uniformScale
      unsafe tails[Int(NT_ENTRY_BLOCK) + lane] = codes.isCentred ? tail.bias : 0
    }
    self.length = length
    self.memory = memory.slice(count: blocksCount * blockBytes)
    unsafe blocks = self.memory.pointer(to: UInt8.self)
  }
}
