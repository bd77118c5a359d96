import Testing
import VectorModel

@testable import VectorIndex

/// Orders, facets, keywords, and the life of the overlay.
@Suite struct PayloadIndexesTests {
  private static let documents = [
    #"{"n": 5, "k": "a", "f": 2.5}"#, #"{"n": [9, 1], "k": ["b", "a", "b"]}"#, #"{"n": "5", "k": 3, "f": 1}"#,
    #"{"n": 5, "k": "c", "b": true, "f": -0.0}"#, #"{"d": "2024-01-02"}"#,
    #"{"d": ["2025-01-01", "2023-01-01"]}"#,
  ]
  private static let fields = [
    PayloadField(path: "n", type: .integer), PayloadField(path: "k", type: .keyword),
    PayloadField(path: "f", type: .float), PayloadField(path: "d", type: .datetime),
    PayloadField(path: "b", type: .bool),
  ]

  /// The documents, the first `sealedCount` in parts and the others in the overlay.
  private func indexes(sealedCount: Int) throws -> PayloadIndexes {
    let payloads = Self.documents.map { Array($0.utf8) }
    let parts = try PointSimulation.parts(
      Self.fields, Array(payloads[..<sealedCount]), Array(repeating: true, count: sealedCount))
    var indexes = PayloadIndexes()
    for (field, part) in zip(Self.fields, parts) { try indexes.declare(field, part: part) { _ in [] } }
    for slot in sealedCount..<payloads.count { try indexes.put(UInt32(slot), payload: payloads[slot]) }
    return indexes
  }

  private func order(
    _ indexes: PayloadIndexes, _ key: String, descending: Bool = false, from start: OrderValue? = nil,
    among slots: Bitset = Bitset(count: 6, repeating: true)
  ) -> [UInt32]? {
    var order = OrderBy(key: RandomPayloads.path(key))
    order.isDescending = descending
    order.startFrom = start
    var found: [UInt32] = []
    let isOrdered = indexes.forEachOrdered(by: order, among: slots) { slot, _ in
      found.append(slot)
      return true
    }
    return isOrdered ? found : nil
  }

  @Test(arguments: 0...6)
  func pointsComeOnceInTheOrderOfTheirValues(sealedCount: Int) throws {
    let indexes = try indexes(sealedCount: sealedCount)
    #expect(order(indexes, "n") == [1, 0, 3])
    #expect(order(indexes, "n", descending: true) == [1, 0, 3])
    #expect(order(indexes, "n", from: .integer(5)) == [0, 3, 1])
    #expect(order(indexes, "n", from: .float(5.5)) == [1])
    #expect(order(indexes, "n", descending: true, from: .integer(5)) == [0, 3, 1])
    #expect(order(indexes, "n", descending: true, from: .float(4.5)) == [1])
    #expect(order(indexes, "f") == [3, 2, 0])
    #expect(order(indexes, "f", from: .integer(0)) == [3, 2, 0])
    #expect(order(indexes, "f", descending: true, from: .float(1)) == [2, 3])
    #expect(order(indexes, "d") == [5, 4])
    #expect(order(indexes, "d", descending: true) == [5, 4])
    #expect(
      order(indexes, "d", from: .datetime(Datetime.microseconds(parsing: "2024-01-01") ?? 0)) == [4, 5])
    #expect(order(indexes, "k") == nil)
    #expect(order(indexes, "missing") == nil)
    var some = Bitset(count: 6)
    some[3] = true
    #expect(order(indexes, "n", among: some) == [3])
  }

  @Test func anOrderStopsAndTellsItsValues() throws {
    let indexes = try indexes(sealedCount: 3)
    var found: [OrderValue] = []
    let order = OrderBy(key: RandomPayloads.path("n"))
    #expect(
      indexes.forEachOrdered(by: order, among: Bitset(count: 6, repeating: true)) { _, value in
        found.append(value)
        return found.count < 2
      })
    #expect(found == [.integer(1), .integer(5)])
  }

  @Test(arguments: 0...6)
  func facetsCountPointsOncePerValue(sealedCount: Int) throws {
    let indexes = try indexes(sealedCount: sealedCount)
    let all = Bitset(count: 6, repeating: true)
    func facet(_ key: String) -> [FacetHit]? { indexes.facet(RandomPayloads.path(key), among: all) }
    let keywords = [("a", 2), ("b", 1), ("c", 1)].map { FacetHit(value: .string($0.0), count: $0.1) }
    #expect(facet("k") == keywords)
    let numbers = [(5, 2), (1, 1), (9, 1)].map { FacetHit(value: .integer($0.0), count: $0.1) }
    #expect(facet("n") == numbers)
    #expect(facet("b") == [FacetHit(value: .bool(true), count: 1)])
    #expect(facet("f") == nil && facet("d") == nil && facet("missing") == nil)
    var some = Bitset(count: 6)
    some[1] = true
    some[2] = true
    #expect(indexes.facet(RandomPayloads.path("k"), among: some)?.count == 2)
  }

  @Test(arguments: 0...6)
  func keywordsOfSlots(sealedCount: Int) throws {
    let indexes = try indexes(sealedCount: sealedCount)
    let found = indexes.keywords(RandomPayloads.path("k"), of: [3, 1, 2, 4])
    #expect(found?.map { $0.sorted() } == [["c"], ["a", "b"], [], []])
    #expect(indexes.keywords(RandomPayloads.path("n"), of: [3]) == nil)
  }

  @Test func whatNoPartKnowsIsNotOrderedOrCounted() throws {
    var indexes = PayloadIndexes()
    try indexes.declare(Self.fields[0]) { _ in [] }
    try indexes.declare(Self.fields[1]) { _ in [] }
    try indexes.put(1, payload: Array(Self.documents[1].utf8))
    let all = Bitset(count: 2, repeating: true)
    #expect(order(indexes, "n", among: all) == nil)
    #expect(indexes.facet(RandomPayloads.path("k"), among: all) == nil)
    #expect(indexes.keywords(RandomPayloads.path("k"), of: [0]) == nil)
    #expect(indexes.pathsWithoutPart.map(\.description) == ["n", "k"])
    var known = all
    known[0] = false
    #expect(order(indexes, "n", among: known) == [1])
  }

  @Test func changedPointsAreAnsweredByTheOverlay() throws {
    var indexes = try indexes(sealedCount: 6)
    let view = indexes
    try indexes.put(0, payload: Array(#"{"n": 100, "k": "z"}"#.utf8))
    #expect(order(indexes, "n") == [1, 3, 0])
    #expect(order(view, "n") == [1, 0, 3])
    #expect(
      indexes.facet(RandomPayloads.path("k"), among: Bitset(count: 6, repeating: true))?.map(\.count) == [
        1, 1, 1, 1,
      ])
    #expect(indexes.keywords(RandomPayloads.path("k"), of: [0]) == [["z"]])
  }

  @Test func refusedPayloadsChangeNothing() throws {
    var indexes = try indexes(sealedCount: 2)
    let before = indexes.mark
    #expect(throws: RequestError.self) { try indexes.put(0, payload: Array("[1]".utf8)) }
    #expect(indexes.mark == before)
    #expect(order(indexes, "n") == [1, 0, 3])
  }

  @Test func deadRowsAreCompacted() throws {
    var indexes = try indexes(sealedCount: 6)
    for round in 0..<20_000 {
      try indexes.put(UInt32(round % 3), payload: Array(#"{"n": \#(round), "k": "a"}"#.utf8))
    }
    #expect(indexes.overlayRowCount < 2000)
    #expect(order(indexes, "n") == [3, 2, 0, 1])
    #expect(
      indexes.facet(RandomPayloads.path("k"), among: Bitset(count: 6, repeating: true))?.first?.count == 3)
  }

  @Test func pathsCompareByBytes() throws {
    var indexes = PayloadIndexes()
    try indexes.declare(PayloadField(path: "é", type: .integer)) { _ in [] }
    try indexes.put(0, payload: Array("{\"é\": 1}".utf8))
    let decomposed = PayloadPath.topLevel("e\u{301}")
    let context = FilterContext(
      alive: Bitset(count: 1, repeating: true), id: { .number(UInt64($0)) }, slot: { _ in nil },
      vectors: { _ in nil }, payload: { _ in Array("{\"é\": 1}".utf8) })
    #expect(try indexes.resolve(Filter(must: [.isEmpty(decomposed)]), context) {}.onesCount == 1)
    #expect(try indexes.resolve(Filter(must: [.isEmpty(.topLevel("é"))]), context) {}.onesCount == 0)
    indexes.drop(decomposed)
    #expect(indexes.pathsWithoutPart == [.topLevel("é")])
  }

  @Test func unindexedPathsAreNamed() throws {
    let indexes = try indexes(sealedCount: 6)
    let inner = Filter(must: [.field(FieldCondition(RandomPayloads.path("y"), match: .integer(1)))])
    let filter = Filter(
      must: [
        .field(FieldCondition(RandomPayloads.path("n"), match: .integer(1))),
        .isEmpty(RandomPayloads.path("x")), .nested(RandomPayloads.path("people"), inner),
      ], mustNot: [.filter(Filter(must: [.isNull(RandomPayloads.path("k"))]))])
    #expect(indexes.unindexedPaths(of: filter).map(\.description) == ["x", "people[].y"])
  }

  @Test func readingStopsAtTheDeadline() throws {
    let slotCount = 1000
    let context = FilterContext(
      alive: Bitset(count: slotCount, repeating: true), id: { .number(UInt64($0)) }, slot: { _ in nil },
      vectors: { _ in nil }, payload: { _ in [] })
    var checkCount = 0
    let filter = Filter(must: [.isEmpty(RandomPayloads.path("x"))])
    #expect(throws: RequestError.timeout("late")) {
      try PayloadIndexes().resolve(filter, context) { () throws(RequestError) in
        checkCount += 1
        if checkCount > 3 { throw .timeout("late") }
      }
    }
    #expect(checkCount == 4)
    let all = try PayloadIndexes().resolve(filter, context) {}
    #expect(all.onesCount == slotCount)
  }
}
