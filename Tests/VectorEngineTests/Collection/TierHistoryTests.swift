import Testing
import VectorModel

@testable import VectorEngine

/// Random histories while parts are frozen, put together and merged all the time: after every answer a
/// collection is what a dictionary says.
@Suite struct TierHistoryTests {
  private static let names = ["a", "b"]
  private static let dimension = 4

  private struct Expected {
    var vectors: [String: [Float]]
    var payload: Int
  }

  private struct History {
    var random: SplitMix
    var points: [UInt64: Expected] = [:]
    let fixture: EngineFixture

    mutating func vector() -> [Float] {
      (0..<TierHistoryTests.dimension).map { _ in Float.random(in: -1...1, using: &random) }
    }

    mutating func vectors() -> [String: [Float]] {
      var vectors: [String: [Float]] = [:]
      for name in TierHistoryTests.names where Int.random(in: 0..<5, using: &random) > 0 {
        vectors[name] = vector()
      }
      return vectors
    }

    /// New ids and known ones.
    mutating func ids() -> [UInt64] {
      let count = Int.random(in: 1...40, using: &random)
      return Set((0..<count).map { _ in UInt64.random(in: 0..<400, using: &random) }).sorted()
    }

    func named(_ vectors: [String: [Float]]) -> NamedVectors {
      NamedVectors(
        vectors.sorted { $0.key < $1.key }.map { NamedVectors.Entry(name: $0.key, value: .dense($0.value)) })
    }

    mutating func write() async throws {
      let ids = ids()
      let known = ids.filter { points[$0] != nil }
      switch Int.random(in: 0..<8, using: &random) {
      case 0 where !known.isEmpty:
        for id in known { points[id] = nil }
        _ = try await fixture.write(.delete(.ids(known.map { .number($0) })))
      case 1 where !known.isEmpty:
        let value = Int.random(in: 0..<10, using: &random)
        for id in known { points[id]?.payload = value }
        _ = try await fixture.write(
          .overwritePayload(
            PayloadPatch(payload: Array("{\"n\":\(value)}".utf8), selector: .ids(known.map { .number($0) }))))
      case 2 where !known.isEmpty:
        var changes: [PointVectors] = []
        for id in known {
          let values = vector()
          points[id]?.vectors["b"] = values
          changes.append(PointVectors(id: .number(id), vectors: named(["b": values])))
        }
        _ = try await fixture.write(.updateVectors(changes, filter: nil))
      case 3 where !known.isEmpty:
        for id in known { points[id]?.vectors["a"] = nil }
        _ = try await fixture.write(.deleteVectors(names: ["a"], .ids(known.map { .number($0) })))
      default:
        var upserted: [Point] = []
        for id in ids {
          let expected = Expected(vectors: vectors(), payload: Int.random(in: 0..<10, using: &random))
          points[id] = expected
          upserted.append(
            Point(
              id: .number(id), vectors: named(expected.vectors),
              payload: Array("{\"n\":\(expected.payload)}".utf8)))
        }
        _ = try await fixture.write(.upsert(UpsertOperation(points: upserted)))
      }
    }

    mutating func check() async throws {
      #expect(try await fixture.count() == points.count)
      let target = vector()
      for name in TierHistoryTests.names {
        for isFiltered in [false, true] {
          var request = QueryRequest()
          request.query = .nearest(.vector(.dense(target)), mmr: nil)
          request.using = name
          request.limit = 1000
          request.parameters.isExact = true
          if isFiltered {
            request.filter = Filter(must: [
              .field(FieldCondition(try PayloadPath("n"), range: .number(Bounds(lessThan: 5))))
            ])
          }
          let found = try await fixture.query(request)
          var expected: [UInt64: Float] = [:]
          for (id, point) in points where !isFiltered || point.payload < 5 {
            guard let values = point.vectors[name] else { continue }
            expected[id] = zip(values, target).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
          }
          #expect(Set(found.map(\.record.id)) == Set(expected.keys.map { .number($0) }))
          for hit in found {
            guard case .number(let id) = hit.record.id, let score = expected[id] else { continue }
            #expect(abs(hit.score - score) < 1e-4)
          }
        }
      }
    }
  }

  @Test(arguments: [11, 12, 13, 14] as [UInt64], [false, true])
  func everyAnswerIsThatOfADictionary(seed: UInt64, isLinked: Bool) async throws {
    let fixture = try EngineFixture { configuration in
      configuration.frozenRowsMin = 32
      if isLinked {
        configuration.linksEarly()
      } else {
        configuration.freezesOnly()
      }
      configuration.frozenFanout = 2
      configuration.deltaRowsMax = 300
      configuration.builderThreads = 1
    }
    var configuration = CollectionConfiguration(
      vectors: Self.names.map {
        NamedVectorParameters(
          name: $0, parameters: VectorParameters(dimension: Self.dimension, distance: .euclid))
      })
    configuration.hnsw.fullScanThreshold = 10
    configuration.optimizers.vacuumMinVectorNumber = 100
    try await fixture.create(configuration)
    _ = try await fixture.write(.createIndex(PayloadField(path: "n", type: .integer)))
    var history = History(random: SplitMix(seed: seed), fixture: fixture)
    var segmentsMax = 0
    for step in 0..<150 {
      try await history.write()
      try await history.check()
      segmentsMax = max(segmentsMax, try await fixture.information().segmentsCount)
      if step % 50 == 30 { try await fixture.waitForBuilds() }
      if step % 60 == 59 {
        try fixture.restart()
        try await history.check()
      }
    }
    #expect(segmentsMax >= 3, "no parts stood behind a generation")
    try await fixture.waitForBuilds()
    try await history.check()
  }
}
