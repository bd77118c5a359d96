import VectorIndex
import VectorModel
import VectorStorage

/// How a build in the background ended.
struct BuildOutcome: Sendable {
  enum Product: Sendable {
    /// New parts of everything.
    case generation(MergedGeneration)
    /// A part of some tiers of one vector.
    case frozen(FrozenPart)
    /// Links of rows without a part, which are where searches find them already.
    case linked
    /// Parts for indexes that were declared after the generation was built, and their files.
    case payloadParts([(field: PayloadField, part: PayloadIndexPart)], [Manifest.NamedFile])
  }

  let lane: BuildLane
  let result: Result<Product, RequestError>
}

/// Builds of one collection that run beside each other.
enum BuildLane: Sendable {
  /// Generations and payload indexes.
  case merge
  /// Parts of rows that came after the generation.
  case freeze
  /// Links of rows without a part.
  case link
}

/// A new generation, and what it was built of.
struct MergedGeneration: Sendable {
  let generation: Generation
  let entry: Manifest.Generation
  /// The generation's points and parts alone, under the view's configuration.
  let base: CollectionState
  let view: View
  /// The view's slot of each slot of the generation.
  let livingSlots: [UInt32]
}

/// A part for tiers that lie one after the other.
struct FrozenPart: Sendable {
  let vectorName: String
  let lineage: VectorRows.Lineage
  let tierIDs: [UInt64]
  let part: VectorPart
}

/// Builds a generation from one view: slots without gaps, rows without dead ones, graphs and payload indexes.
///
/// Runs on a builder's thread. Payloads are fetched from the store in short reads; a payload that changes
/// meanwhile is put over the part when the generation is installed.
struct GenerationBuilder {
  let view: View
  let shard: ShardDirectory
  let environment: EngineEnvironment
  let cancellation: Cancellation
  /// Whether somebody searches, who would wait for the allocator while it gives memory back.
  let isSearched: @Sendable () -> Bool

  private var state: CollectionState { view.state }

  /// - Returns: nil when cancelled.
  func build(number: UInt64) throws(RequestError) -> BuildOutcome.Product? {
    let slots = livingSlots
    try StorageError.mapped { () throws(StorageError) in try shard.createGeneration(number) }
    var files = GenerationFiles(shard, number: number)
    try files.writePoints(state.points, slots)
    let schema = state.configuration.payloadSchema
    guard let indexes = try buildPayloads(schema, slots, &files) else { return nil }
    let linked = zip(schema, indexes).filter { state.configuration.linksValues(of: $0.0) }
    for vector in state.configuration.vectors {
      guard let rows = state.vectors[vector.name], rows.liveCount > 0 else { continue }
      guard try buildVectors(vector, rows, slots, linked, &files) else { return nil }
    }
    let entry = Manifest.Generation(number: number, coveredThrough: state.sequence, files: files.files)
    if !isSearched() { environment.releasedMemory.giveBack() }
    let generation = try Generation(entry, shard)
    return .generation(
      MergedGeneration(
        generation: generation, entry: entry, base: try generation.state(state.configuration), view: view,
        livingSlots: slots))
  }

  /// Builds a part of some tiers of a vector, dead rows included.
  /// - Returns: nil when cancelled.
  func freeze(
    _ vector: NamedVectorParameters, tiers: Range<Int>
  ) throws(RequestError) -> BuildOutcome.Product? {
    guard let rows = state.vectors[vector.name], let first = rows.tiers[tiers].first else { return nil }
    let count = rows.tiers[tiers].reduce(0) { $0 + $1.count }
    let numbers = UInt32(first.firstRow)..<UInt32(first.firstRow + count)
    let part = try buildPart(
      vector, rows, Array(numbers), from: try rows.gathered(numbers), among: rows.tiers[tiers])
    return part.map {
      .frozen(
        FrozenPart(
          vectorName: vector.name, lineage: rows.lineage, tierIDs: rows.tiers[tiers].map(\.id), part: $0))
    }
  }

  /// Links the rows of a tier without a part that have no links yet.
  func link(_ vector: NamedVectorParameters, tier: Int) -> BuildOutcome.Product? {
    state.vectors[vector.name]?.tiers[tier]
      .link(threads: threadsCount(vector)) { [cancellation] in cancellation.isCancelled }
    return cancellation.isCancelled ? nil : .linked
  }

  /// Builds parts of the given fields in the generation's slots.
  /// - Returns: nil when cancelled.
  func buildPayloadParts(_ fields: [PayloadField]) throws(RequestError) -> BuildOutcome.Product? {
    var files = GenerationFiles(shard, number: state.generation)
    let slots = Array(0..<UInt32(state.points.sealedCount))
    guard let parts = try buildPayloads(fields, slots, &files) else { return nil }
    return .payloadParts(zip(fields, parts).map { ($0, $1) }, files.files)
  }

  /// The living slots, ascending.
  private var livingSlots: [UInt32] {
    var slots: [UInt32] = []
    slots.reserveCapacity(state.points.aliveCount)
    state.points.alive.forEachOne { slots.append(UInt32($0)) }
    return slots
  }

  private func buildVectors(
    _ vector: NamedVectorParameters, _ rows: VectorRows, _ slots: [UInt32],
    _ linked: [(field: PayloadField, part: PayloadIndexPart)], _ files: inout GenerationFiles
  ) throws(RequestError) -> Bool {
    var slotOfRow: [UInt32] = []
    var rowNumbers: [UInt32] = []
    for (newSlot, slot) in slots.enumerated() {
      guard let row = rows.row(of: slot) else { continue }
      slotOfRow.append(UInt32(newSlot))
      rowNumbers.append(row)
    }
    let fields = linked.compactMap { valueRows($0.field, $0.part, vector, slotOfRow) }
    return try files.writeVectors(vector.name, rows, rowNumbers, slotOfRow) { (mapped) throws(RequestError) in
      // What was needed to write points and rows need not lie beside the graph.
      if !isSearched() { environment.releasedMemory.giveBack() }
      return try buildPart(vector, rows, rowNumbers, fields: fields, from: mapped, among: rows.tiers[...])
    }
  }

  /// The rows of each large value of a field; nil where the vector's rows get no links.
  /// - Parameter slotOfRow: ascending.
  private func valueRows(
    _ field: PayloadField, _ part: PayloadIndexPart, _ vector: NamedVectorParameters, _ slotOfRow: [UInt32]
  ) -> FieldRows? {
    let m = state.configuration.valueLinks(of: vector)
    let counts = FieldRows.rowCounts(
      of: slotOfRow.count, dimension: vector.parameters.dimension,
      parameters: state.configuration.graphParameters(of: vector))
    guard m > 0, let counts else { return nil }
    let values = part.values(slotCounts: counts.lowerBound...part.slotCount).compactMap { value in
      let rows = Self.rows(of: value.slots, slotOfRow)
      return counts.contains(rows.count) ? FieldRows.Value(term: value.term, rows: rows) : nil
    }
    return FieldRows(field: field.path, m: m, values: Array(values.prefix(FieldRows.valuesMax)))
  }

  /// The rows that stand for the given slots; both ascend.
  private static func rows(of slots: [UInt32], _ slotOfRow: [UInt32]) -> [UInt32] {
    var rows: [UInt32] = []
    rows.reserveCapacity(slots.count)
    var row = 0
    for slot in slots {
      while row < slotOfRow.count, slotOfRow[row] < slot { row += 1 }
      if row < slotOfRow.count, slotOfRow[row] == slot { rows.append(UInt32(row)) }
    }
    return rows
  }

  /// - Parameters:
  ///   - rowNumbers: the rows of the part, in its order.
  ///   - fields: rows that are linked among themselves besides.
  ///   - bytes: their numbers one after the other.
  ///   - tiers: those that the rows are in; their links are taken over or tell which rows are near each other.
  private func buildPart(
    _ vector: NamedVectorParameters, _ rows: VectorRows, _ rowNumbers: [UInt32], fields: [FieldRows] = [],
    from bytes: MemorySlice, among tiers: ArraySlice<RowTier>
  ) throws(RequestError) -> VectorPart? {
    let previous = tiers.compactMap { tier in
      tier.linkedPart.map { PreviousPart(part: $0, rows: rowNumbers, firstRow: UInt32(tier.firstRow)) }
    }
    let parameters = state.configuration.graphParameters(of: vector)
    return try VectorPart.build(
      rows: bytes, count: rowNumbers.count, dimension: vector.parameters.dimension,
      element: rows.element, distance: vector.parameters.distance, parameters: parameters, fields: fields,
      previous: previous,
      threads: threadsCount(vector),
      isCancelled: { [cancellation] in cancellation.isCancelled })
  }

  private func threadsCount(_ vector: NamedVectorParameters) -> Int {
    let threads = state.configuration.hnsw.applying(vector.parameters.hnsw).maxIndexingThreads
    let threadsMax = environment.configuration.builderThreads
    return threads > 0 ? min(threads, threadsMax) : threadsMax
  }

  private func buildPayloads(
    _ fields: [PayloadField], _ slots: [UInt32], _ files: inout GenerationFiles
  ) throws(RequestError) -> [PayloadIndexPart]? {
    guard !fields.isEmpty else { return [] }
    var builder = try PayloadIndexBuilder(fields)
    for (newSlot, slot) in slots.enumerated() {
      if newSlot % 256 == 0, cancellation.isCancelled { return nil }
      guard state.points.isAlive(slot) else { continue }
      try builder.add(slot: UInt32(newSlot), payload: try view.payload(of: slot))
    }
    let parts = builder.finish(slotCount: slots.count)
    for (field, part) in zip(fields, parts) {
      try files.writePayload(field, part)
    }
    return parts
  }
}

extension CollectionConfiguration {
  /// Whether the rows with a large value of a field get links of their own: a tenant's, or a language's.
  func linksValues(of field: PayloadField) -> Bool {
    guard field.type == .keyword || field.type == .uuid else { return false }
    if field.path == languageField { return true }
    guard case .object(let members)? = field.options else { return false }
    return members.contains { $0.key == "is_tenant" && $0.value == .bool(true) }
  }

  /// Links that a row chooses among those with its value: `payload_m`, or else m; 0: none.
  func valueLinks(of vector: NamedVectorParameters) -> Int {
    let hnsw = hnsw.applying(vector.parameters.hnsw)
    return optimizers.indexingThreshold == 0 ? 0 : hnsw.payloadM ?? hnsw.m
  }

  /// How the graph of a vector is built; none with an indexing threshold of 0.
  func graphParameters(of vector: NamedVectorParameters) -> GraphParameters {
    let hnsw = hnsw.applying(vector.parameters.hnsw)
    // Who asks for bytes or bits gets them; others get the smallest codes that rank well.
    let codeBits =
      switch quantizationKind(of: vector.parameters) {
      case "scalar": 8
      case "binary": 1
      default: 4
      }
    return GraphParameters(
      m: optimizers.indexingThreshold == 0 ? 0 : hnsw.m, efConstruction: hnsw.efConstruction,
      fullScanThresholdKilobytes: hnsw.fullScanThreshold, codeBits: codeBits)
  }
}
