@testable import VectorStorage

/// A handle that dies with its process.
final class SimulatedFile: File {
  let path: String
  private let system: SimulatedFileSystem
  private let node: Int
  private let life: Int

  init(_ system: SimulatedFileSystem, path: String, node: Int, life: Int) {
    self.system = system
    self.path = path
    self.node = node
    self.life = life
  }

  func byteCount() throws(StorageError) -> UInt64 {
    try system.call("size", path, life: life) { (state) throws(StorageError) in
      UInt64(state.nodes[node]?.current.count ?? 0)
    }
  }

  func read(
    into buffer: inout [UInt8], _ range: Range<Int>, at offset: UInt64
  ) throws(StorageError) -> Int {
    let bytes = try system.call("read", path, life: life) { (state) throws(StorageError) -> [UInt8] in
      let contents = state.nodes[node]?.current ?? []
      guard Int(offset) < contents.count else { return [] }
      return Array(contents[Int(offset)..<min(Int(offset) + range.count, contents.count)])
    }
    buffer.replaceSubrange(range.lowerBound..<(range.lowerBound + bytes.count), with: bytes)
    return bytes.count
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) -> Int {
    let bytes = Array(copying: bytes)
    return try system.call(
      "write", path, life: life,
      torn: { $0.change(self.node, .write(offset: Int(offset), bytes: Array(bytes.prefix(bytes.count / 2)))) }
    ) { (state) throws(StorageError) in
      let isShort = state.fault?.kind == .shortWrite && state.firedOperation != nil
      let written = isShort ? Array(bytes.prefix(1)) : bytes
      state.change(node, .write(offset: Int(offset), bytes: written))
      return written.count
    }
  }

  func preallocate(_ range: Range<UInt64>) throws(StorageError) {
    try system.call("preallocate", path, life: life) { (state) throws(StorageError) in
      let size = state.nodes[node]?.current.count ?? 0
      if size < Int(range.upperBound) { state.change(node, .resize(Int(range.upperBound))) }
    }
  }

  func truncate(to byteCount: UInt64) throws(StorageError) {
    try system.call("truncate", path, life: life) { (state) throws(StorageError) in
      state.change(node, .resize(Int(byteCount)))
    }
  }

  func sync() throws(StorageError) {
    try system.call("sync", path, life: life, torn: { $0.nodes[self.node]?.pending = [] }) {
      (state) throws(StorageError) in
      state.syncCount += 1
      for change in state.nodes[node]?.pending ?? [] { state.nodes[node]?.durable.apply(change) }
      state.nodes[node]?.pending = []
    }
  }

  func lock() throws(StorageError) -> Bool {
    try system.call("lock", path, life: life) { (state) throws(StorageError) in
      guard state.nodes[node]?.lockCount == 0 else { return false }
      state.nodes[node]?.lockCount = 1
      return true
    }
  }

  func close() throws(StorageError) {
    try system.call("close", path, life: life) { (state) throws(StorageError) in
      state.nodes[node]?.lockCount = 0
    }
  }
}
