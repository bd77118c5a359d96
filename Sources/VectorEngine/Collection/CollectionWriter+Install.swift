import CScheduling
import Logging
import VectorIndex
import VectorModel
import VectorStorage

extension CollectionWriter {
  /// Puts a build's parts in the place of what they were built from; what came since lies behind them.
  func install(_ outcome: BuildOutcome) {
    do throws(RequestError) {
      if let failure { throw failure }
      switch outcome.result {
      case .failure(let error): throw error
      case .success(.generation(let merged)) where hasDropped(since: merged.view):
        build.needsRebuild = true
        removeLeftovers()
      case .success(.generation(let merged)): try install(merged)
      case .success(.frozen(let frozen)): install(frozen)
      case .success(.linked): break
      case .success(.payloadParts(let parts, let files)): try install(parts, files)
      }
      endBuild(outcome.lane, error: nil)
    } catch {
      endBuild(outcome.lane, error: error.message)
      logger.error("build failed", metadata: ["collection": "\(id)", "error": "\(error.message)"])
      if outcome.lane == .merge { removeLeftovers() }
    }
  }

  private func install(_ merged: MergedGeneration) throws(RequestError) {
    guard state.sequence == published.load().state.sequence else {
      throw RequestError(.insufficientStorage, "operations wait for the disk of \(shard.path)")
    }
    // The manifest never names parts that contain more than the store does durably.
    try syncStore()
    let new = try state.following(merged, touched: touched ?? [], StoreSource(store: store))
    var next = manifest
    next.generations = [merged.entry]
    try replaceManifest(next)
    state = new
    build.needsRebuild = false
    retired = (published.load(), .now)
    publish()
    removeLeftovers()
  }

  /// Frees the generation before the current one, here instead of in a search that began before it was replaced.
  func freeRetired() {
    if let retired, retired.at.duration(to: .now) >= .seconds(1) { self.retired = nil }
  }

  /// Removes files that are not in use, where it is certain which are and no other store is being written.
  private func removeLeftovers() {
    guard failure == nil, !compaction.isRunning else { return }
    do throws(StorageError) { try shard.removeUnnamed(by: manifest) } catch {
      logger.error("old parts stay", metadata: ["collection": "\(id)", "error": "\(error)"])
    }
  }

  /// A part that comes too late for its tiers is dropped: a generation has taken them in.
  private func install(_ frozen: FrozenPart) {
    guard let rows = state.vectors[frozen.vectorName], rows.lineage === frozen.lineage else { return }
    if state.vectors[frozen.vectorName]?.install(frozen.part, replacing: frozen.tierIDs) ?? false {
      republish()
    }
  }

  private func install(
    _ parts: [(field: PayloadField, part: PayloadIndexPart)], _ files: [Manifest.NamedFile]
  ) throws(RequestError) {
    // A drop has taken the generation away: the next one has these parts.
    guard !manifest.generations.isEmpty else { return removeLeftovers() }
    var next = manifest
    for ((field, part), file) in zip(parts, files) where state.configuration.payloadSchema.contains(field) {
      state.payloads.attach(part)
      next.generations[next.generations.count - 1].files.removeAll { $0.role == file.role }
      next.generations[next.generations.count - 1].files.append(file)
    }
    try replaceManifest(next)
    republish()
  }

  /// Publishes, but for what waits for its sync and is published with that.
  func republish() {
    if state.sequence == published.load().state.sequence { publish() }
  }

  /// Takes the generation out of the manifest once one of its vectors was dropped, before the store has the drop.
  ///
  /// The generation has the versions that the drop's points had before and the values, which a vector added again
  /// under the name must not find: a start from here loads the store. A new generation is due at once.
  func forgetGenerationBeforeDrop() throws(RequestError) {
    guard let entry = manifest.generations.last else { return }
    let current = published.load().state.vectors
    guard entry.files.contains(where: { $0.vectorName.map { current[$0]?.part == nil } ?? false }) else {
      return
    }
    var next = manifest
    next.generations = []
    try replaceManifest(next)
    build.needsRebuild = true
  }

  /// Whether a vector of the view is gone, be it that another one has its name.
  private func hasDropped(since view: View) -> Bool {
    view.state.vectors.contains { name, rows in state.vectors[name]?.lineage !== rows.lineage }
  }

  /// Replaces the manifest, or takes no more writes where nobody knows which one is in force.
  func replaceManifest(_ next: Manifest) throws(RequestError) {
    do throws(StorageError) { try shard.writeManifest(next) } catch {
      if (try? shard.readManifest()) != manifest { poison(error.requestError) }
      throw error.requestError
    }
    manifest = next
  }
}

extension Manifest {
  /// The last operation that the parts contain; 0 where there are none.
  var coveredThrough: UInt64 { generations.last?.coveredThrough ?? 0 }
  /// The number of the newest generation; 0 where there is none.
  var generation: UInt64 { generations.last?.number ?? 0 }
}

extension Manifest.NamedFile {
  /// The vector whose part the file is.
  fileprivate var vectorName: String? {
    role.hasPrefix("vector:") ? String(role.dropFirst("vector:".count)) : nil
  }
}

extension CollectionState {
  /// This state over the parts of a new generation.
  ///
  /// - Parameter touched: the points that changed since the generation's view.
  /// - Complexity: O(slots + touched payloads).
  fileprivate func following(
    _ merged: MergedGeneration, touched: Set<PointID>, _ source: StoreSource
  ) throws(RequestError) -> CollectionState {
    let viewed = merged.view.state
    let isSameSchema =
      viewed.configuration.vectors == configuration.vectors
      && viewed.configuration.payloadSchema == configuration.payloadSchema
    let base = isSameSchema ? merged.base : try merged.generation.state(configuration)
    var new = self
    new.generation = base.generation
    new.points = base.points.followed(
      by: points, livingSlots: merged.livingSlots, oldSlotCount: viewed.points.slotCount)
    for (name, rows) in vectors {
      var sealed = VectorRows(
        dimension: rows.dimension, element: rows.element, distance: rows.distance,
        slotCount: merged.livingSlots.count)
      var firstRow = 0
      // A vector that was added meanwhile has nothing in the generation.
      if let viewed = viewed.vectors[name], let built = base.vectors[name] {
        (sealed, firstRow) = (built, viewed.rowCount)
      }
      new.vectors[name] = sealed.followed(
        by: rows, from: firstRow, livingSlots: merged.livingSlots, oldSlotCount: viewed.points.slotCount)
    }
    new.payloads = base.payloads
    for id in touched {
      guard let slot = new.points.slot(of: id), let oldSlot = points.slot(of: id) else { continue }
      try new.payloads.put(slot, payload: try payload(of: oldSlot, source))
      scheduling_give_way()
    }
    return new
  }
}
