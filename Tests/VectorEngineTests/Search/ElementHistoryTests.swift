import Testing
import VectorModel

@testable import VectorEngine

/// Histories of collections of every datatype and distance: after writes, builds, a restart and a restore a
/// collection answers what sums in double precision over a dictionary say.
@Suite struct ElementHistoryTests {
  struct Kind: Sendable, CustomTestStringConvertible {
    let distance: Distance
    let datatype: VectorParameters.Datatype?

    var testDescription: String { "\(distance.word) \(datatype?.rawValue ?? "")" }

    var parameters: VectorParameters {
      var parameters = VectorParameters(dimension: ElementHistoryTests.dimension, distance: distance)
      parameters.datatype = datatype
      return parameters
    }

    static let all =
      [Distance.cosine, .dot, .euclid, .manhattan].flatMap { distance in
        [nil, .float16, .uint8].map { Kind(distance: distance, datatype: $0) }
      } + [Kind(distance: .hamming, datatype: nil), Kind(distance: .jaccard, datatype: nil)]
  }

  private static let dimension = 11

  private struct History {
    let kind: Kind
    let fixture: EngineFixture
    var random: SplitMix
    /// What each point's vector is rounded to.
    var points: [UInt64: [Double]] = [:]

    /// Numbers as a client sends them: halves are not rounded yet, and bytes have something behind the point.
    mutating func vector() -> [Float] {
      (0..<ElementHistoryTests.dimension).map { _ in
        switch kind.parameters.element {
        case .float32, .float16: Float.random(in: -2...2, using: &random)
        case .uint8: Float.random(in: 0...255, using: &random)
        case .bit: Int.random(in: 0..<3, using: &random) == 0 ? 1 : 0
        }
      }
    }

    /// What becomes of a vector.
    func kept(_ vector: [Float]) -> [Double] {
      var values = vector.map(Double.init)
      if kind.distance == .cosine, kind.datatype != .uint8 {
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        if length > 0 { values = values.map { $0 / length } }
      }
      return switch kind.parameters.element {
      case .float32, .bit: values
      case .float16: values.map { Double(VectorElement.float(half: VectorElement.half(Float($0)))) }
      case .uint8: values.map { $0.rounded(.down) }
      }
    }

    func score(_ a: [Double], _ b: [Double]) -> Double {
      let dot = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
      let squares = (a.reduce(0) { $0 + $1 * $1 }, b.reduce(0) { $0 + $1 * $1 })
      switch kind.distance {
      case .cosine:
        guard kind.datatype == .uint8 else { return dot }
        return squares.0 > 0 && squares.1 > 0 ? dot / (squares.0 * squares.1).squareRoot() : 0
      case .dot: return dot
      case .euclid: return zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      case .manhattan, .hamming: return zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) }
      case .jaccard: return squares.0 + squares.1 > dot ? 1 - dot / (squares.0 + squares.1 - dot) : 0
      }
    }

    mutating func upsert(_ ids: Range<UInt64>) async throws {
      var upserted: [Point] = []
      for id in ids {
        let vector = vector()
        points[id] = kept(vector)
        upserted.append(
          Point(
            id: .number(id), vectors: NamedVectors([.init(name: "v", value: .dense(vector))]),
            payload: Array("{\"n\":\(id % 10)}".utf8)))
      }
      _ = try await fixture.write(.upsert(UpsertOperation(points: upserted)))
    }

    /// Half of the changes come packed, as over the binary protocol.
    mutating func update(_ ids: [UInt64]) async throws {
      var changes: [PointVectors] = []
      for id in ids where points[id] != nil {
        let vector = vector()
        points[id] = kept(vector)
        let element = id % 2 == 0 && kind.distance != .cosine ? kind.parameters.element : .float32
        changes.append(
          PointVectors(
            id: .number(id), vectors: NamedVectors([.init(name: "v", value: .dense(vector, as: element))])))
      }
      _ = try await fixture.write(.updateVectors(changes, filter: nil))
    }

    mutating func delete(_ ids: [UInt64]) async throws {
      for id in ids { points[id] = nil }
      _ = try await fixture.write(.delete(.ids(ids.map { .number($0) })))
    }

    /// Searches with a new vector, with and without a filter and a threshold.
    mutating func check(_ name: String = "c", isExact: Bool = true) async throws {
      let vector = vector()
      for isFiltered in [false, true] {
        var request = QueryRequest()
        request.query = .nearest(.vector(.dense(vector)), mmr: nil)
        request.using = "v"
        request.limit = isExact ? 2000 : 10
        request.parameters.isExact = isExact
        request.withVector = .all
        if isFiltered {
          request.filter = Filter(must: [
            .field(FieldCondition(try PayloadPath("n"), range: .number(Bounds(lessThan: 4))))
          ])
        }
        let found = try await fixture.query(request, name)
        var expected: [UInt64: Double] = [:]
        for (id, values) in points where !isFiltered || id % 10 < 4 {
          expected[id] = score(kept(vector), values)
        }
        if isExact { #expect(Set(found.map(\.record.id)) == Set(expected.keys.map { .number($0) })) }
        for hit in found {
          guard case .number(let id) = hit.record.id, let score = expected[id] else {
            Issue.record("\(hit.record.id) does not match")
            continue
          }
          #expect(abs(Double(hit.score) - score) <= 1e-5 * max(1, abs(score)))
          let value = hit.record.vectors?["v"]
          #expect(value?.denseShape?.element == kind.parameters.element)
          let kept = points[id] ?? []
          #expect(zip(value?.denseValues ?? [], kept).allSatisfy { abs(Double($0) - $1) < 1e-6 })
        }
        let ordered = zip(found, found.dropFirst()).allSatisfy {
          kind.distance.largerIsNearer ? $0.score >= $1.score : $0.score <= $1.score
        }
        #expect(ordered)
        guard let middle = found.dropFirst(found.count / 2).first?.score else { continue }
        request.scoreThreshold = middle
        let within = try await fixture.query(request, name)
        #expect(!within.isEmpty && within.count <= found.count)
        #expect(within.allSatisfy { kind.distance.largerIsNearer ? $0.score >= middle : $0.score <= middle })
      }
    }

    /// How many of the ten exact neighbours the graphs find.
    mutating func recall(queries: Int) async throws -> Double {
      var hits = 0
      for _ in 0..<queries {
        var request = QueryRequest()
        request.query = .nearest(.vector(.dense(vector())), mmr: nil)
        request.using = "v"
        let walked = try await fixture.query(request)
        request.parameters.isExact = true
        let exact = try await fixture.query(request)
        guard let last = exact.last?.score else { continue }
        hits += walked.count {
          kind.distance.largerIsNearer ? $0.score >= last - 1e-5 : $0.score <= last + 1e-5
        }
      }
      return Double(hits) / Double(10 * queries)
    }
  }

  @Test(arguments: Kind.all, [false, true])
  func answersAreThoseOfADictionary(kind: Kind, isLinked: Bool) async throws {
    let fixture = try EngineFixture { configuration in
      if isLinked {
        configuration.linksEarly()
      } else {
        configuration.freezesOnly()
      }
      configuration.frozenRowsMin = 64
      configuration.frozenFanout = 2
      configuration.deltaRowsMax = 300
      configuration.builderThreads = 1
    }
    var configuration = CollectionConfiguration(vectors: [
      NamedVectorParameters(name: "v", parameters: kind.parameters)
    ])
    configuration.hnsw.fullScanThreshold = 10
    try await fixture.create(configuration)
    _ = try await fixture.write(.createIndex(PayloadField(path: "n", type: .integer)))
    var history = History(kind: kind, fixture: fixture, random: SplitMix(seed: 81))
    try await history.upsert(0..<120)
    try await history.check()
    for round in 0..<4 as Range<UInt64> {
      try await history.upsert(round * 100..<(round * 100 + 160))
      try await history.update((0..<30).map { $0 * 7 })
      try await history.delete((0..<15).map { $0 * 11 + round })
      try await history.check()
    }
    try await fixture.waitForBuilds()
    try await history.check()
    try await history.check(isExact: false)
    let recall = try await history.recall(queries: 20)
    #expect(recall >= 0.95, "seed 81")
    let before = try await fixture.dump()
    try fixture.restart()
    #expect(try await fixture.dump() == before)
    try await history.check()
    let snapshot = try await fixture.snapshot()
    try await fixture.recover(snapshot.name, as: "d")
    #expect(try await fixture.dump("d") == before)
    try await history.check("d")
    #expect(try fixture.verifyOffline().defects == [])
  }
}
