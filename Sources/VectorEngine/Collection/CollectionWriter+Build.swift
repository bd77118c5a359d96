import Logging
import VectorIndex
import VectorModel
import VectorStorage

extension CollectionWriter {
  /// Begins a build that is due, and cuts the log; after every group and at every tick.
  func maintain() {
    guard failure == nil else {
      return setBuildStatus(BuildStatus(isBuilding: false, error: failure?.message))
    }
    cutLog()
    if !build.isRunning { beginBuildIfDue() }
    beginCompactionIfDue()
    setBuildStatus(
      BuildStatus(
        isBuilding: build.isRunning || isBuildDue || !fieldsWithoutPart.isEmpty, error: build.lastError))
  }

  /// Whether the delta has grown, the generation has thinned out, or the log has become too long.
  private var isBuildDue: Bool {
    if build.needsRebuild { return true }
    let optimizers = state.configuration.optimizers
    if log.byteCount(after: manifest.coveredThrough) > UInt64(configuration.logTailBytesMax),
      state.sequence > manifest.coveredThrough
    {
      return true
    }
    let deltaSlotsCount = state.points.slotCount - state.points.sealedCount
    if state.payloads.overlayRowCount > configuration.overlayRowsMax + 2 * deltaSlotsCount { return true }
    guard optimizers.indexingThreshold != 0 else { return false }
    if state.vectors.values.contains(where: isDeltaFull) { return true }
    for vector in state.configuration.vectors {
      if let part = state.vectors[vector.name]?.part,
        part.parameters != state.configuration.graphParameters(of: vector)
      {
        return true
      }
    }
    let deadCount = state.points.slotCount - state.points.aliveCount
    return state.points.slotCount >= optimizers.vacuumMinVectorNumber
      && Double(deadCount) > Double(state.points.slotCount) * optimizers.deletedThreshold
      && deadCount >= optimizers.vacuumMinVectorNumber / 10
  }

  /// Whether a vector's delta is worth a build: sooner when no write has come for a while.
  private func isDeltaFull(_ rows: VectorRows) -> Bool {
    let rowBytes = rows.dimension * 4
    let threshold = (state.configuration.optimizers.indexingThreshold ?? 10_000)
      .multipliedReportingOverflow(by: 1024).partialValue
    let isSettled = lastWrite.duration(to: .now) >= .milliseconds(configuration.settledMilliseconds)
    let share = isSettled ? configuration.settledDeltaShareMax : configuration.deltaShareMax
    let sealedShare = Int(Double(rows.sealedCount) * share)
    if rows.deltaCount > max(configuration.deltaRowsMax, sealedShare) { return true }
    return rows.deltaCount * rowBytes > max(isSettled ? threshold / 4 : threshold, sealedShare * rowBytes)
  }

  private func beginBuildIfDue() {
    if let notBefore = build.notBefore, ContinuousClock.now < notBefore { return }
    if isBuildDue {
      beginBuild()
    } else if !fieldsWithoutPart.isEmpty {
      beginPayloadBuild(fieldsWithoutPart)
    }
  }

  /// The indexes that were declared after the generation was built.
  private var fieldsWithoutPart: [PayloadField] {
    guard state.points.sealedCount > 0 else { return [] }
    let missing = state.payloads.pathsWithoutPart.map(\.description)
    return state.configuration.payloadSchema.filter { field in
      guard let path = try? PayloadPath(field.path) else { return false }
      return missing.contains(path.description)
    }
  }

  private func beginBuild() {
    let cancellation = build.begin()
    touched = TouchedPoints()
    let number = max(state.generation, manifest.generation) + 1
    submitBuild(cancellation) { builder throws(RequestError) in
      try builder.build(number: number)
    }
  }

  private func beginPayloadBuild(_ fields: [PayloadField]) {
    let cancellation = build.begin()
    submitBuild(cancellation) { builder throws(RequestError) in
      try builder.buildPayloadParts(fields)
    }
  }

  private func submitBuild(
    _ cancellation: Cancellation,
    _ body: @escaping @Sendable (GenerationBuilder) throws(RequestError) -> BuildOutcome.Product?
  ) {
    let builder = GenerationBuilder(
      view: published.load(), shard: shard, environment: environment, cancellation: cancellation)
    let submitOutcome = submitOutcome
    let isAccepted = environment.builders.submit {
      let result = Result { () throws(RequestError) in try body(builder) }
      switch result {
      case .success(let product?): submitOutcome(BuildOutcome(result: .success(product)))
      case .success(nil):
        submitOutcome(BuildOutcome(result: .failure(RequestError(.unavailable, "the build was cancelled"))))
      case .failure(let error): submitOutcome(BuildOutcome(result: .failure(error)))
      }
    }
    if !isAccepted { build.end(error: nil) }
  }

  /// Puts a build's parts in the place of what they were built from; what changed since lies over them.
  func install(_ outcome: BuildOutcome) {
    do throws(RequestError) {
      switch outcome.result {
      case .failure(let error): throw error
      case .success(.generation(let generation, let entry)): try install(generation, entry)
      case .success(.payloadParts(let parts, let files)): try install(parts, files)
      }
      build.end(error: nil)
    } catch {
      build.end(error: error.message)
      logger.error("build failed", metadata: ["collection": "\(id)", "error": "\(error.message)"])
    }
    touched = nil
  }

  private func install(_ generation: Generation, _ entry: Manifest.Generation) throws(RequestError) {
    guard let touched else { preconditionFailure("a build runs with its list of changes") }
    var new = try generation.state(state.configuration)
    for (id, touch) in touched.points { try new.takeOver(id, touch, from: state, StoreSource(store: store)) }
    new.sequence = state.sequence
    new.nextNumber = state.nextNumber
    new.digest = state.digest
    new.pending = state.pending
    new.producers = state.producers
    // The manifest never names parts that contain more than the store does durably.
    try syncStore()
    new.pending = state.pending
    var next = manifest
    next.generations = [entry]
    try replaceManifest(next)
    state = new
    build.needsRebuild = false
    publish()
    try StorageError.mapped { () throws(StorageError) in try shard.removeUnnamed(by: manifest) }
  }

  private func install(
    _ parts: [(field: PayloadField, part: PayloadIndexPart)], _ files: [Manifest.NamedFile]
  ) throws(RequestError) {
    var next = manifest
    for ((field, part), file) in zip(parts, files) where state.configuration.payloadSchema.contains(field) {
      state.payloads.attach(part)
      next.generations[next.generations.count - 1].files.removeAll { $0.role == file.role }
      next.generations[next.generations.count - 1].files.append(file)
    }
    try replaceManifest(next)
    publish()
  }

  /// Takes the parts of dropped vectors out of the manifest, before the store has the drop: a vector added
  /// again under the name must not find them.
  func forgetDroppedParts() {
    guard failure == nil, var entry = manifest.generations.last else { return }
    let count = entry.files.count
    entry.files.removeAll { file in
      file.role.hasPrefix("vector:")
        && published.load().state.vectors[String(file.role.dropFirst(7))]?.part == nil
    }
    guard entry.files.count < count else { return }
    var next = manifest
    next.generations[next.generations.count - 1] = entry
    do throws(RequestError) { try replaceManifest(next) } catch { poison(error) }
  }

  func replaceManifest(_ next: Manifest) throws(RequestError) {
    try StorageError.mapped { () throws(StorageError) in try shard.writeManifest(next) }
    manifest = next
  }
}

extension Manifest {
  /// The last operation that the parts contain; 0 where there are none.
  var coveredThrough: UInt64 { generations.last?.coveredThrough ?? 0 }
  /// The number of the newest generation; 0 where there is none.
  var generation: UInt64 { generations.last?.number ?? 0 }
}

extension CollectionState {
  /// Takes over what `old` has of a point that changed after the parts of this state were built.
  fileprivate mutating func takeOver(
    _ id: PointID, _ touch: TouchedPoints.Touch, from old: CollectionState, _ source: StoreSource
  ) throws(RequestError) {
    guard let oldSlot = old.points.slot(of: id) else { return removeUnstored(id) }
    let entry = old.points[oldSlot]
    let payload = try old.payload(of: oldSlot, source)
    if touch == .payload, let slot = points.slot(of: id) {
      points.setVersion(entry.version, of: slot)
      try payloads.put(slot, payload: payload)
    } else {
      removeUnstored(id)
      try insert(entry, old.vectors(of: oldSlot), payload)
    }
  }
}
