import Testing
import VectorModel
import VectorStorage

@testable import VectorEngine

/// Generations of ids that do not ascend by slot: built, opened, built of each other.
@Suite struct SealedPointsFileTests {
  private static func id(_ index: UInt64) -> PointID {
    index % 3 == 0 ? .uuid(UUID128(high: 1000 - index, low: 7)) : .number(1000 - index)
  }

  private static func points(_ indices: Range<UInt64>, _ text: String) -> [Point] {
    indices.map { index in
      Point(
        id: id(index), vectors: NamedVectors(unnamed: .dense([Float(index), 1])),
        payload: Array("{\"text\":\"\(text)\"}".utf8))
    }
  }

  /// The newest generation's file of points.
  private func file(_ fixture: EngineFixture) throws -> SectionFile {
    let id = try #require(fixture.engine.catalogue.current.collections["c"])
    let shard = fixture.engine.snapshots.directory.shard(of: id)
    let entry = try #require(try shard.readManifest().generations.last)
    let part = try #require(entry.files.first { $0.role == "points" })
    return try SectionFile(POSIXFileSystem(), path: shard.path + "/" + part.path, verify: .all)
  }

  @Test func theOrderIsWrittenWhereIDsDoNotAscend() async throws {
    let fixture = try EngineFixture { $0.deltaRowsMax = 20 }
    var configuration = CollectionConfiguration(vectors: [
      NamedVectorParameters(name: "", parameters: VectorParameters(dimension: 2, distance: .euclid))
    ])
    configuration.optimizers.indexingThreshold = 1
    try await fixture.create(configuration)
    let rounds: [Range<UInt64>] = [0..<60, 40..<120, 0..<10]
    for (round, indices) in rounds.enumerated() {
      _ = try await fixture.write(.upsert(UpsertOperation(points: Self.points(indices, "round \(round)"))))
      _ = try await fixture.write(.delete(.ids([Self.id(50)])))
      if round < 2 { try await fixture.waitForIndexed(round == 0 ? 59 : 119) }
      try await fixture.waitForBuilds()
    }
    let file = try file(fixture)
    let count = try file.requireSection("kinds").count
    #expect(count >= 109, "the generation has most of the points")
    #expect(try file.requireSection("order").count == 4 * count)
    let patch = PayloadPatch(
      payload: Array(#"{"new":1}"#.utf8), selector: .ids([Self.id(11), Self.id(5), Self.id(110)]))
    _ = try await fixture.write(.setPayload(patch))
    let dump = try await fixture.dump()
    #expect(dump.count == 119)
    try fixture.restart()
    #expect(try await fixture.dump() == dump)
    #expect(try fixture.verifyOffline().defects == [])
  }
}
