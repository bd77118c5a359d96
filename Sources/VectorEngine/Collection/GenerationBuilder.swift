import VectorIndex
import VectorModel
import VectorStorage

/// How a build in the background ended.
struct BuildOutcome: Sendable {
  enum Product: Sendable {
    /// New parts of everything, built from the view of `coveredThrough`.
    case generation(Generation, Manifest.Generation)
    /// Parts for indexes that were declared after the generation was built, and their files.
    case payloadParts([(field: PayloadField, part: PayloadIndexPart)], [Manifest.NamedFile])
  }

  let result: Result<Product, RequestError>
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

  private var state: CollectionState { view.state }

  /// - Returns: nil when cancelled.
  func build(number: UInt64) throws(RequestError) -> BuildOutcome.Product? {
    let slots = livingSlots
    try StorageError.mapped { () throws(StorageError) in try shard.createGeneration(number) }
    var files = GenerationFiles(shard, number: number)
    try files.writePoints(slots.map { state.points[$0] })
    for vector in state.configuration.vectors {
      guard let rows = state.vectors[vector.name], rows.liveCount > 0 else { continue }
      guard try buildVectors(vector, rows, slots, &files) else { return nil }
    }
    let fields = state.configuration.payloadSchema
    guard try buildPayloads(fields, slots, &files) != nil else { return nil }
    let entry = Manifest.Generation(number: number, coveredThrough: state.sequence, files: files.files)
    return .generation(try Generation(entry, shard), entry)
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
    _ vector: NamedVectorParameters, _ rows: VectorRows, _ slots: [UInt32], _ files: inout GenerationFiles
  ) throws(RequestError) -> Bool {
    var slotOfRow: [UInt32] = []
    var rowNumbers: [UInt32] = []
    for (newSlot, slot) in slots.enumerated() {
      guard let row = rows.row(of: slot) else { continue }
      slotOfRow.append(UInt32(newSlot))
      rowNumbers.append(row)
    }
    let gathered = try rows.gathered(rowNumbers)
    let hnsw = state.configuration.hnsw.applying(vector.parameters.hnsw)
    let parameters = state.configuration.graphParameters(of: vector)
    let threads =
      hnsw.maxIndexingThreads > 0
      ? min(hnsw.maxIndexingThreads, environment.configuration.builderThreads)
      : environment.configuration.builderThreads
    let part = try VectorPart.build(
      rows: gathered, count: rowNumbers.count, dimension: vector.parameters.dimension,
      distance: vector.parameters.distance, parameters: parameters, threads: threads,
      isCancelled: { [cancellation] in cancellation.isCancelled })
    guard let part else { return false }
    try files.writeVectors(vector.name, part, slotOfRow)
    return true
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
  /// How the graph of a vector is built; none with an indexing threshold of 0.
  func graphParameters(of vector: NamedVectorParameters) -> GraphParameters {
    let hnsw = hnsw.applying(vector.parameters.hnsw)
    return GraphParameters(
      m: optimizers.indexingThreshold == 0 ? 0 : hnsw.m, efConstruction: hnsw.efConstruction,
      fullScanThresholdKilobytes: hnsw.fullScanThreshold)
  }
}
