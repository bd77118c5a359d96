import Testing
import VectorModel

@testable import VectorIndex

@Suite struct PayloadIndexPropertyTests {
  /// The reference agrees with a second implementation over trees.
  @Test(arguments: 0..<20)
  func evaluatorEqualsTrees(seed: Int) throws {
    var generator = RandomPayloads(seed: UInt64(seed))
    let ids = (0..<6).map { PointID.number(UInt64($0)) }
    let payloads = (0..<12).map { _ in generator.payload() }
    let trees = try payloads.map { $0.isEmpty ? .object([]) : try JSONValue(parsing: $0) }
    for _ in 0..<60 {
      let filter = generator.random.chance(60) ? generator.filter(ids: ids) : generator.singleFilter()
      var evaluator = FilterEvaluator(filter)
      for (index, payload) in payloads.enumerated() {
        let reference = TreeFilter(id: ids[index % 6], vectors: ["image"])
        let found = try evaluator.matches(payload: payload, id: ids[index % 6]) { $0 == "image" }
        #expect(
          found == reference.holds(filter, trees[index]),
          "seed \(seed): \(filter) on \(String(decoding: payload, as: UTF8.self))")
      }
    }
  }

  /// What indexes answer equals what the reference answers, over any history of writes and builds.
  @Test(arguments: 0..<40)
  func indexedEqualsUnindexed(seed: Int) throws {
    var simulation = PointSimulation(seed: UInt64(seed) + 1000)
    for _ in 0..<5 { try simulation.declare() }
    for _ in 0..<20 { try simulation.insert() }
    try simulation.build()
    for _ in 0..<4 {
      for _ in 0..<25 { try simulation.step() }
      // A view is not touched by what comes later.
      let view = simulation
      for _ in 0..<5 { try simulation.write() }
      try check(view, seed: seed, filterCount: 16)
    }
    try check(simulation, seed: seed, filterCount: 16)
  }

  private func check(_ view: PointSimulation, seed: Int, filterCount: Int) throws {
    var generator = view.generator
    let context = view.context
    let liveSlots = view.alive.indices.filter { view.alive[$0] }
    for number in 0..<filterCount {
      let filter = number % 3 == 0 ? generator.filter(ids: view.ids) : generator.singleFilter()
      var evaluator = FilterEvaluator(filter)
      var expected = Bitset(count: view.slotCount)
      for slot in liveSlots {
        let vectors = view.vectorNames(of: slot)
        let id = view.ids[slot]
        expected[slot] = try evaluator.matches(payload: view.payloads[slot], id: id) { vectors.contains($0) }
      }
      let found = try view.indexes.resolve(filter, context) {}
      #expect(found == expected, "seed \(seed): \(filter)\n\(differences(found, expected, view))")
      let candidates = view.indexes.candidates(for: filter, context)
      #expect(candidates.definite.isSubset(of: expected), "seed \(seed): definite of \(filter)")
      #expect(expected.isSubset(of: candidates.possible), "seed \(seed): possible of \(filter)")
      let estimate = view.indexes.estimate(filter, context)
      #expect(estimate.contains(expected.onesCount), "seed \(seed): \(estimate) of \(filter)")
    }
  }

  private func differences(_ found: Bitset, _ expected: Bitset, _ view: PointSimulation) -> String {
    (0..<found.count).filter { found[$0] != expected[$0] }.prefix(3).map { slot in
      "slot \(slot) found \(found[slot]): \(String(decoding: view.payloads[slot], as: UTF8.self))"
    }.joined(separator: "\n")
  }
}

extension Bitset {
  fileprivate func isSubset(of other: Bitset) -> Bool {
    var rest = self
    rest.formAndNot(other)
    return rest.isEmpty
  }
}
