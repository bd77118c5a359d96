import VectorIndex
import VectorModel
import VectorStorage

/// The files of one generation, written by its build and opened by its install and by recovery.
///
/// Roles in the manifest: `points`, `vector:<name>`, `payload:<type>:<path>`.
struct GenerationFiles {
  let shard: ShardDirectory
  let number: UInt64
  private(set) var files: [Manifest.NamedFile] = []

  init(_ shard: ShardDirectory, number: UInt64) {
    self.shard = shard
    self.number = number
  }

  /// Writes the living points, block by block.
  /// - Parameter slots: the slots of all of them in the order in which they are the generation's.
  mutating func writePoints(_ points: PointTable, _ slots: [UInt32]) throws(RequestError) {
    let file = try begin("points")
    try StorageError.mapped { () throws(StorageError) in
      for column in SealedColumn.allCases {
        try file.writer.section(column.rawValue) { (section) throws(StorageError) in
          try points.forEachBlock(of: column, slots) { (block) throws(StorageError) in
            try section.append(block.span)
          }
        }
      }
      guard let order = points.order(of: slots) else { return }
      var writer = ByteWriter(reservingCapacity: 4 * order.count)
      writer.words(order)
      try file.writer.section(PointTable.orderSection, bytes: writer.bytes.span)
    }
    try end(file, "points", [])
  }

  /// Writes the rows first and has the part built from the file, so that no second copy of them lies in memory.
  ///
  /// - Parameters:
  ///   - rowNumbers: the rows of the part, in its order.
  ///   - slotOfRow: the slot of each.
  ///   - build: makes the part of the rows in the file; nil when cancelled.
  /// - Returns: false when cancelled.
  mutating func writeVectors(
    _ name: String, _ rows: VectorRows, _ rowNumbers: [UInt32], _ slotOfRow: [UInt32],
    build: (MemorySlice) throws(RequestError) -> VectorPart?
  ) throws(RequestError) -> Bool {
    let file = try begin("vectors-\(files.count)")
    let mapped = try StorageError.mapped { () throws(StorageError) in
      try Self.writeSlots(slotOfRow, file.writer)
      try file.writer.section(Self.vectorsSection) { (section) throws(StorageError) in
        for row in rowNumbers {
          try rows.withBytes(ofRow: row) { (bytes) throws(StorageError) in try section.append(bytes) }
        }
      }
      return try file.writer.mapped(Self.vectorsSection)
    }
    guard let part = try build(mapped) else { return false }
    try end(file, Self.role(vector: name), part.sections().filter { $0.name != Self.vectorsSection })
    return true
  }

  private static func writeSlots(
    _ slotOfRow: [UInt32], _ writer: SectionFileWriter
  ) throws(StorageError) {
    var slots = ByteWriter(reservingCapacity: 4 * slotOfRow.count)
    slots.words(slotOfRow)
    try writer.section("slots", bytes: slots.bytes.span)
  }

  mutating func writePayload(_ field: PayloadField, _ part: PayloadIndexPart) throws(RequestError) {
    // The sequence of the file keeps a part that is declared anew apart from the one it replaces.
    let fileName = "payload-\(files.count)-\(UUID128.random().description.prefix(8))"
    try end(
      try begin(fileName), Self.role(payload: field),
      part.sections().map { (name: $0.name, bytes: $0.content) })
  }

  static func role(vector name: String) -> String { "vector:" + name }
  static func role(payload field: PayloadField) -> String { "payload:\(field.type.name):\(field.path)" }

  private static let vectorsSection = "vectors"

  private func begin(_ fileName: String) throws(RequestError) -> UnfinishedFile {
    let path = ShardDirectory.generationName(number) + "/" + fileName
    let writer = try StorageError.mapped { () throws(StorageError) in
      try SectionFileWriter(shard.fileSystem, path: shard.path + "/" + path)
    }
    return UnfinishedFile(path: path, writer: writer)
  }

  private mutating func end(
    _ file: UnfinishedFile, _ role: String, _ sections: [(name: String, bytes: MemorySlice)]
  ) throws(RequestError) {
    try StorageError.mapped { () throws(StorageError) in
      for section in sections { try file.writer.section(section.name, slices: [section.bytes]) }
      _ = try file.writer.finish()
    }
    files.append(Manifest.NamedFile(role: role, path: file.path))
  }

  private struct UnfinishedFile {
    /// Below the shard's directory.
    let path: String
    let writer: SectionFileWriter
  }
}

extension Generation {
  /// Opens the parts that a manifest names.
  ///
  /// All sections are verified but full vectors of more than 64 MiB, which the scrub reads: they are mapped, and
  /// read only for the few candidates of a search.
  /// - Throws: when a file is missing or damaged.
  init(_ entry: Manifest.Generation, _ shard: ShardDirectory) throws(RequestError) {
    number = entry.number
    coveredThrough = entry.coveredThrough
    var points: SealedPoints?
    var vectors: [String: SealedVectors] = [:]
    var payloads: [(field: PayloadField, part: PayloadIndexPart)] = []
    for named in entry.files {
      let file = try Self.open(named, shard)
      if named.role == "points" {
        points = try SealedPoints(sections: file.section)
      } else if named.role.hasPrefix("vector:") {
        vectors[String(named.role.dropFirst("vector:".count))] = try SealedVectors(file)
      } else if let field = PayloadField(role: named.role) {
        payloads.append((field, try PayloadIndexPart(field: field, sections: file.section)))
      } else {
        throw .internalError("\(shard.manifestPath) names a part of unknown role \(named.role)")
      }
    }
    guard let points else { throw .internalError("\(shard.manifestPath) names no points") }
    self.points = points
    self.vectors = vectors
    self.payloads = payloads
    try check(shard)
  }

  private static var verifiedVectorBytesMax: Int { 64 << 20 }

  private static func open(
    _ named: Manifest.NamedFile, _ shard: ShardDirectory
  ) throws(RequestError) -> SectionFile {
    try StorageError.mapped { () throws(StorageError) in
      let file = try SectionFile(shard.fileSystem, path: shard.path + "/" + named.path, verify: .none)
      let isLarge = (file.section("vectors")?.count ?? 0) > verifiedVectorBytesMax
      try file.verify(isLarge ? .named(file.names.filter { $0 != "vectors" }) : .all)
      return file
    }
  }

  private func check(_ shard: ShardDirectory) throws(RequestError) {
    for (name, sealed) in vectors {
      var seen = Bitset(count: points.count)
      for row in 0..<sealed.slotOfRow.count {
        let slot = sealed.slotOfRow[row]
        guard Int(slot) < points.count, !seen[Int(slot)] else {
          throw .internalError(
            "\(shard.generationPath(number)): slot \(slot) of vector `\(name)` does not fit")
        }
        seen[Int(slot)] = true
      }
    }
    for (field, part) in payloads where part.slotCount != points.count {
      throw .internalError(
        "\(shard.generationPath(number)): the index `\(field.path)` has \(part.slotCount) slots, "
          + "not \(points.count)")
    }
  }
}

extension Generation.SealedVectors {
  fileprivate init(_ file: SectionFile) throws(RequestError) {
    let compact = file.names.filter { $0 == "codes" || $0.hasSuffix("links") || $0.contains("-links-") }
      .reduce(0) { $0 + (file.section($1)?.count ?? 0) }
    part = try VectorPart(sections: file.section, residency: MemoryRoom.now().residency(of: compact))
    guard let slots = file.section("slots").flatMap(PackedArray<UInt32>.init), slots.count == part.count
    else {
      throw .internalError("\(file.path) has no slots for its \(part.count) rows")
    }
    slotOfRow = slots
  }
}

extension PayloadField {
  fileprivate init?(role: String) {
    let parts = role.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "payload", let type = PayloadFieldType(name: String(parts[1])) else {
      return nil
    }
    self.init(path: String(parts[2]), type: type)
  }

  /// Whether both are answered by the same part.
  func isSameIndex(as other: PayloadField) -> Bool { path == other.path && type == other.type }
}
