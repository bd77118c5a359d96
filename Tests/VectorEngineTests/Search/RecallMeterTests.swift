import Testing
import VectorModel

@testable import VectorEngine
@testable import VectorIndex

@Suite struct RecallMeterTests {
  private func view(_ fixture: EngineFixture) throws -> View {
    try #require(fixture.engine.collections.openCollections.first).view
  }

  /// The same points, with a graph whose links lead only round in a circle.
  private func damaged(_ view: View) throws -> View {
    let rows = try #require(view.state.vectors[""])
    let part = try #require(rows.part)
    let sections = part.sections()
    let ring = (0..<UInt32(part.count)).flatMap { row -> [UInt8] in
      let next = (row + 1) % UInt32(part.count)
      return (0..<(2 * part.parameters.m)).flatMap { slot -> [UInt8] in
        let link = slot == 0 ? next : UInt32.max
        return unsafe withUnsafeBytes(of: link.littleEndian) { unsafe Array($0) }
      }
    }
    let broken = try VectorPart(sections: { name in
      name == "links" ? MemorySlice(MemoryRegion(copying: ring)) : sections.first { $0.name == name }?.bytes
    })
    var state = view.state
    state.vectors[""] = VectorRows(
      part: broken, dimension: rows.dimension, distance: rows.distance,
      slotOfRow: PackedArray(Array(0..<UInt32(part.count))), slotCount: state.points.slotCount)
    return View(state: state, store: view.store, published: nil)
  }

  private func measure(_ view: View, _ meter: RecallMeter, _ filter: Filter? = nil) throws {
    for id in 0..<20 as Range<UInt64> {
      var request = QueryRequest()
      request.query = .nearest(.vector(.dense(TieredFixture.vector(10_000 + id))), mmr: nil)
      request.filter = filter
      // Few enough candidates that the walk is not given up for a scan.
      request.parameters.ef = 14
      let executor = QueryExecutor(
        view: view, deadline: Deadline(milliseconds: 60_000),
        viewOfCollection: { (_) throws(RequestError) in view }, scratch: SearchScratch())
      try meter.measure(request, try executor.answer(request).points, on: view)
    }
  }

  @Test func aDamagedGraphIsSeen() async throws {
    let fixture = try await TieredFixture.make()
    let healthy = RecallMeter(interval: 1, scratches: ScratchPool())
    try measure(try view(fixture), healthy)
    let broken = RecallMeter(interval: 1, scratches: ScratchPool())
    try measure(try damaged(view(fixture)), broken)
    let (before, after) = (healthy.figures[0].figures, broken.figures[0].figures)
    #expect(before.queriesCount == 20 && after.queriesCount == 20)
    #expect(before.wantedCount == 200 && after.wantedCount == 200)
    #expect(before.foundCount > 150, "healthy \(before)")
    #expect(after.foundCount < before.foundCount / 2, "damaged \(after)")
    healthy.stop()
    broken.stop()
  }

  @Test func figuresStandUnderTheShareThatTheFilterLeft() async throws {
    let fixture = try await TieredFixture.make()
    let meter = RecallMeter(interval: 1, scratches: ScratchPool())
    for (count, share) in [(1600, 0), (700, 1), (100, 2), (10, 3)] {
      let filter = Filter(must: [
        .field(FieldCondition(try PayloadPath("n"), range: .number(Bounds(lessThan: Double(count)))))
      ])
      try measure(try view(fixture), meter, filter)
      #expect(meter.figures[share].figures.queriesCount == 20)
      #expect(meter.figures[share].figures.wantedCount == 20 * min(10, count))
    }
    meter.stop()
  }

  @Test func liveQueriesAreMeasured() async throws {
    let fixture = try EngineFixture { $0.recallInterval = 2 }
    try await fixture.create(
      CollectionConfiguration(vectors: [
        NamedVectorParameters(
          name: "", parameters: VectorParameters(dimension: TieredFixture.dimension, distance: .euclid))
      ]))
    _ = try await fixture.write(.upsert(UpsertOperation(points: TieredFixture.points(0..<100))))
    var request = QueryRequest()
    request.query = .nearest(.vector(.dense(TieredFixture.vector(0))), mmr: nil)
    for _ in 0..<3 { _ = try await fixture.query(request) }
    request.parameters.isExact = true
    for _ in 0..<3 { _ = try await fixture.query(request) }
    let meter = fixture.engine.recallMeter
    try fixture.engine.shutdown()
    #expect(meter.figures[0].figures.queriesCount == 1)
    #expect(meter.figures[0].figures.foundCount == 10)
    #expect(fixture.engine.figures.recall[0].figures.wantedCount == 10)
  }
}
