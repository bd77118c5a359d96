import VectorIndex
import VectorModel

extension Canary {
  private static let countMax = 8
  private static let scoreTolerance: Float = 1e-5

  /// A few exact searches for vectors of the collection itself, some for each named vector.
  static func some(of view: View, _ scratch: SearchScratch) throws(RequestError) -> [Canary] {
    let names = view.state.configuration.vectors.map(\.name)
    guard !names.isEmpty, view.state.points.slotCount > 0 else { return [] }
    let countEach = max(1, countMax / 2 / names.count)
    var canaries: [Canary] = []
    for name in names.prefix(countMax) {
      var foundCount = 0
      for _ in 0..<(16 * countEach) where foundCount < countEach {
        let slot = UInt32.random(in: 0..<UInt32(view.state.points.slotCount))
        guard view.state.points.isAlive(slot), let vector = view.state.vectors[name]?.values(of: slot) else {
          continue
        }
        let hits = try answer(vector, name, on: view, isExact: true, scratch)
        canaries.append(Canary(vectorName: name, vector: vector, hits: hits))
        foundCount += 1
      }
    }
    return canaries
  }

  private static func answer(
    _ vector: [Float], _ name: String, on view: View, isExact: Bool, _ scratch: SearchScratch
  ) throws(RequestError) -> [Hit] {
    var request = QueryRequest()
    request.query = .nearest(.vector(.dense(vector)), mmr: nil)
    request.using = name
    request.limit = hitsMax
    request.parameters.isExact = isExact
    let executor = QueryExecutor(
      view: view, deadline: Deadline(milliseconds: 600_000),
      viewOfCollection: { (_) throws(RequestError) in view }, scratch: scratch)
    return try executor.answer(request).points.map { Hit(id: $0.record.id, score: $0.score) }
  }

  /// Compares the exact answer on `view` with the stored one.
  /// - Throws: naming the first difference: a score that is not the stored one, or a point that is only on one
  ///   side and is not as good as the last one.
  func check(_ view: View, _ scratch: SearchScratch) throws(RequestError) {
    let found = try Self.answer(vector, vectorName, on: view, isExact: true, scratch)
    guard found.count == hits.count else {
      throw Self.differs("\(found.count) points are found, \(hits.count) were")
    }
    guard let last = hits.last else { return }
    for (index, (hit, stored)) in zip(found, hits).enumerated()
    where !(hit.score - stored.score).isWithin(Self.tolerance(stored.score)) {
      throw Self.differs("hit \(index) has the score \(hit.score), it was \(stored.score)")
    }
    // Points as good as the last one may stand for one another.
    let isClear = { (hit: Hit) in !(hit.score - last.score).isWithin(Self.tolerance(last.score)) }
    let ids = Set(found.filter(isClear).map(\.id))
    guard ids == Set(hits.filter(isClear).map(\.id)) else {
      throw Self.differs("the points found are others")
    }
  }

  /// The share of the stored hits that the search with the collection's indexes finds.
  func recall(_ view: View, _ scratch: SearchScratch) throws(RequestError) -> Double {
    guard !hits.isEmpty else { return 1 }
    let found = Set(
      try Self.answer(vector, vectorName, on: view, isExact: false, scratch).map(\.id))
    return Double(hits.count { found.contains($0.id) }) / Double(hits.count)
  }

  private static func tolerance(_ score: Float) -> Float { scoreTolerance * max(1, score.magnitude) }

  private static func differs(_ what: String) -> RequestError {
    .internalError("the restored collection answers a canary query differently: \(what)")
  }
}

extension Float {
  fileprivate func isWithin(_ tolerance: Float) -> Bool { magnitude <= tolerance }
}
