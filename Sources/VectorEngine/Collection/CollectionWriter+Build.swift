import Logging
import VectorIndex
import VectorModel
import VectorStorage

extension CollectionWriter {
  /// Begins builds that are due, and cuts the log; after every group and at every tick.
  func maintain() {
    guard failure == nil else {
      return setBuildStatus(BuildStatus(isBuilding: false, error: failure?.message))
    }
    cutLog()
    // What is built of is published: nothing of it can be undone by a crash.
    if state.sequence == published.load().state.sequence {
      if !build.isRunning { beginBuildIfDue() }
      if !freeze.isRunning { beginFreezeIfDue() }
      if !link.isRunning { beginLinkIfDue() }
    }
    beginCompactionIfDue()
    setBuildStatus(
      BuildStatus(
        isBuilding: build.isRunning || freeze.isRunning || link.isRunning || isMergeDue()
          || !fieldsWithoutPart.isEmpty,
        error: build.lastError ?? freeze.lastError ?? link.lastError))
  }

  /// Whether the rows behind the generation are many, it has thinned out, or the log has become too long.
  private func isMergeDue() -> Bool {
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
    for rows in state.vectors.values
    where mergePolicy(for: rows).action(rows.tierSizes, dimension: rows.dimension) == .merge {
      return true
    }
    return state.configuration.vectors.contains(where: isBuiltOtherwise) || hasThinnedOut
  }

  /// Whether the generation's part of a vector was built under other settings, or before a field was declared whose
  /// large values get links of their own.
  private func isBuiltOtherwise(_ vector: NamedVectorParameters) -> Bool {
    guard let part = state.vectors[vector.name]?.part else { return false }
    let parameters = state.configuration.graphParameters(of: vector)
    if part.parameters != parameters { return true }
    let counts = FieldRows.rowCounts(of: part.count, dimension: part.dimension, parameters: parameters)
    guard counts != nil, state.configuration.valueLinks(of: vector) > 0 else { return false }
    return state.configuration.payloadSchema.contains { field in
      state.configuration.linksValues(of: field) && !part.linkedFields.contains(field.path)
    }
  }

  /// Whether many rows are dead; fewer are many once no write has come for a while.
  private var hasThinnedOut: Bool {
    let optimizers = state.configuration.optimizers
    let share =
      isSettled
      ? min(optimizers.deletedThreshold, configuration.settledDeadShareMax) : optimizers.deletedThreshold
    return state.vectors.values.contains { rows in
      let deadCount = rows.rowCount - rows.liveCount
      return rows.rowCount >= optimizers.vacuumMinVectorNumber
        && Double(deadCount) > Double(rows.rowCount) * share
        && deadCount >= optimizers.vacuumMinVectorNumber / 10
    }
  }

  /// Whether no write has come for a while.
  var isSettled: Bool {
    lastWrite.duration(to: .now) >= .milliseconds(configuration.settledMilliseconds)
  }

  var isSearched: Bool {
    published.isSearched(withinMilliseconds: configuration.searchedMilliseconds)
  }

  /// How many rows without a part delay no answers.
  func allowedRows(_ rows: VectorRows) -> Int {
    WriteThrottle.allowedRows(
      rows: rows.rowCount, rowsMin: configuration.unindexedRowsMax,
      unsearchedRowsMin: isSearched
        ? nil : configuration.unsearchedBytesMax / rows.element.byteCount(dimension: rows.dimension))
  }

  /// Less is put off once no write has come for a while, and more as long as nobody searches.
  private func mergePolicy(for rows: VectorRows) -> MergePolicy {
    let threshold =
      (state.configuration.optimizers.indexingThreshold ?? OptimizersConfiguration.indexingThresholdDefault)
      .multipliedReportingOverflow(by: 1024).partialValue
    var policy = MergePolicy()
    policy.freezeRowsMin = configuration.frozenRowsMin
    policy.fanout = configuration.frozenFanout
    policy.mergeRowsMin = configuration.deltaRowsMax
    policy.mergeBytesMin = threshold
    if isSettled {
      policy.freezeRowsMin /= 2
      policy.mergeShare = configuration.settledDeltaShareMax
      policy.mergeBytesMin /= 4
    } else if isSearched {
      policy.mergeShare = configuration.deltaShareMax
    } else {
      policy.freezeRowsMin = max(policy.freezeRowsMin, allowedRows(rows) / 3)
      policy.mergeShare = configuration.unsearchedDeltaShareMax
    }
    if configuration.linksRows, isSettled || isSearched {
      policy.linkRowsMin = MergePolicy.LinkRowsMin(
        unlinked: configuration.linkedRowsMin, tier: configuration.linkedTierRowsMin)
    }
    return policy
  }

  private func beginBuildIfDue() {
    if let notBefore = build.notBefore, ContinuousClock.now < notBefore { return }
    if isMergeDue() {
      beginMerge()
    } else if !fieldsWithoutPart.isEmpty {
      let fields = fieldsWithoutPart
      submitBuild(.merge) { builder throws(RequestError) in try builder.buildPayloadParts(fields) }
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

  /// Begins a build of everything; the rows that come from now on are in tiers of their own.
  private func beginMerge() {
    closeTiers()
    touched = []
    merging = published.load()
    let number = max(state.generation, manifest.generation) + 1
    submitBuild(.merge) { builder throws(RequestError) in try builder.build(number: number) }
  }

  private func beginFreezeIfDue() {
    if let notBefore = freeze.notBefore, ContinuousClock.now < notBefore { return }
    guard state.configuration.optimizers.indexingThreshold != 0 else { return }
    for vector in state.configuration.vectors {
      guard let rows = state.vectors[vector.name] else { continue }
      let sizes = rows.tierSizes
      var policy = mergePolicy(for: rows)
      if state.configuration.graphParameters(of: vector).m == 0 { policy.linkRowsMin = nil }
      let action = policy.action(
        sizes, dimension: rows.dimension, from: firstTierBehindMerge(vector.name, rows))
      guard case .freeze(let tiers) = action else { continue }
      if tiers.upperBound == sizes.count { closeTiers() }
      return submitBuild(.freeze) { builder throws(RequestError) in
        try builder.freeze(vector, tiers: tiers)
      }
    }
  }

  private func beginLinkIfDue() {
    // Nobody waits for links, and the running merge makes those of most rows.
    if merging != nil, !isSearched { return }
    if let notBefore = link.notBefore, ContinuousClock.now < notBefore { return }
    for vector in state.configuration.vectors {
      let parameters = state.configuration.graphParameters(of: vector)
      guard parameters.m > 0, let rows = state.vectors[vector.name],
        let tier = mergePolicy(for: rows).linkedTier(rows.tierSizes)
      else { continue }
      if !rows.tiers[tier].hasGraph {
        do { try state.vectors[vector.name]?.beginGraph(tier: tier, parameters) } catch {
          return link.end(error: error.message)
        }
        publish()
      }
      return submitBuild(.link) { builder in builder.link(vector, tier: tier) }
    }
  }

  /// The first tier that the running merge does not take in; 0 where none runs.
  private func firstTierBehindMerge(_ name: String, _ rows: VectorRows) -> Int {
    guard let merged = merging?.state.vectors[name], merged.lineage === rows.lineage else { return 0 }
    return rows.tiers.firstIndex { $0.firstRow >= merged.rowCount } ?? rows.tiers.count
  }

  private func closeTiers() {
    for name in state.vectors.keys { state.vectors[name]?.closeTier() }
    publish()
  }

  private func submitBuild(
    _ lane: BuildLane,
    _ body: @escaping @Sendable (GenerationBuilder) throws(RequestError) -> BuildOutcome.Product?
  ) {
    let cancellation =
      switch lane {
      case .merge: build.begin()
      case .freeze: freeze.begin()
      case .link: link.begin()
      }
    let (published, searchedMilliseconds) = (published, configuration.searchedMilliseconds)
    let isSearched = { @Sendable in published.isSearched(withinMilliseconds: searchedMilliseconds) }
    let builder = GenerationBuilder(
      view: published.load(), shard: shard, environment: environment, cancellation: cancellation,
      isSearched: isSearched)
    let submitOutcome = submitOutcome
    let pool =
      switch lane {
      case .merge: environment.builders
      case .freeze: environment.freezers
      case .link: environment.linkers
      }
    let releasedMemory = environment.releasedMemory
    let isAccepted = pool.submit {
      // What a load has freed need not lie beside two generations.
      if lane == .merge, !isSearched() { releasedMemory.giveBack() }
      let result = Result { () throws(RequestError) in
        guard let product = try body(builder) else {
          throw RequestError(.unavailable, "the build was cancelled")
        }
        return product
      }
      submitOutcome(BuildOutcome(lane: lane, result: result))
    }
    if !isAccepted { endBuild(lane, error: nil) }
  }

  func endBuild(_ lane: BuildLane, error: String?) {
    if lane != .link { environment.releasedMemory.note() }
    switch lane {
    case .merge:
      build.end(error: error)
      touched = nil
      merging = nil
    case .freeze: freeze.end(error: error)
    case .link: link.end(error: error)
    }
  }
}
