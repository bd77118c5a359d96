import Testing
@testable import VectorIndex
import VectorModel

@Suite struct PartSectionsTests {
  private static func contents(_ part: VectorPart) -> [String: [UInt8]] {
    Dictionary(
      uniqueKeysWithValues: part.sections().map { section in
        withExtendedLifetime(section.bytes) { (section.name, unsafe [UInt8](section.bytes.bytes)) }
      })
  }

  private static func open(_ contents: [String: [UInt8]], _ residency: PartResidency = .copied) throws
    -> VectorPart
  {
    try VectorPart(
      sections: { name in contents[name].map { MemorySlice(MemoryRegion(copying: $0)) } },
      residency: residency)
  }

  private static func answers(_ part: VectorPart, _ rows: SyntheticRows) throws -> [[Neighbor]] {
    let scratch = SearchScratch()
    var statistics = SearchStatistics()
    var answers: [[Neighbor]] = []
    for plan in [SearchPlan.traversal, .codeScan, .exactScan] {
      for row in 0..<min(5, rows.count) {
        answers.append(
          try part.search(
            .nearest(rows.row(row)), options: PartSearchOptions(limit: 10, plan: plan), scratch: scratch,
            statistics: &statistics))
      }
    }
    return answers
  }

  @Test(arguments: Distance.ofNumbers) func answersAreTheSameAfterReading(distance: Distance) throws {
    for count in [0, 1, 400] {
      let rows = SyntheticRows(count: count, dimension: 9, distance: distance, seed: 51)
      let part = try #require(try rows.part())
      let contents = Self.contents(part)
      for residency in [PartResidency.copied, .inPlace] {
        let again = try Self.open(contents, residency)
        #expect(again.count == count && again.dimension == 9 && again.distance == distance)
        #expect(again.parameters == part.parameters)
        #expect(try Self.answers(again, rows) == Self.answers(part, rows))
        #expect(Self.contents(again) == contents)
      }
    }
  }

  @Test(arguments: [Distance.cosine, .euclid]) func smallerCodesAreReadToo(distance: Distance) throws {
    let rows = SyntheticRows(count: 1200, dimension: 136, distance: distance, clusters: 1, seed: 50)
    let part = try #require(try rows.part(m: 4))
    let contents = Self.contents(part)
    #expect(contents["codes"]?.count ?? 0 < 1200 * 192)
    #expect(try Self.answers(try Self.open(contents), rows) == Self.answers(part, rows))
  }

  /// Later rows are encoded with the one scale of a part's rows.
  @Test(arguments: [0, -1, Float.nan, .infinity]) func aScaleThatCannotBeIsRefused(scale: Float) {
    let header = PartHeader(
      element: .float32, distance: .cosine, hasCodes: true, hasGraph: false, count: 10, dimension: 8,
      parameters: GraphParameters(), entriesCount: 0, format: .uniformNibbles, uniformScale: scale)
    let error = #expect(throws: RequestError.self) { try PartHeader(header.encoded) }
    #expect(error?.message.contains("scale") == true)
  }

  @Test func readsFromUnalignedPlaces() throws {
    let rows = SyntheticRows(count: 100, dimension: 9, distance: .euclid, seed: 52)
    let part = try #require(try rows.part())
    let contents = Self.contents(part)
    let again = try VectorPart(
      sections: { name in
        contents[name].map { MemorySlice(MemoryRegion(copying: [7] + $0), offset: 1) }
      }, residency: .inPlace)
    #expect(try Self.answers(again, rows) == Self.answers(part, rows))
  }

  #if os(Linux)
    /// The first searches of a part whose vectors the system has in its cache do not wait for its page table.
    @Test func vectorsAreEnteredIntoThePageTable() throws {
      let rows = SyntheticRows(count: 2000, dimension: 600, distance: .dot, seed: 59)
      let contents = Self.contents(try #require(try rows.part(m: 4)))
      guard MappedFile.canBeEntered else { return }
      let vectors = MappedFile.region(of: contents["vectors"] ?? [])
      let part = try VectorPart(
        sections: { name in
          name == "vectors"
            ? MemorySlice(vectors) : contents[name].map { MemorySlice(MemoryRegion(copying: $0)) }
        })
      withExtendedLifetime(part) { #expect(MappedFile.isEntered(vectors)) }
    }
  #endif

  @Test func missingShortAndLongSectionsAreNamed() throws {
    let rows = SyntheticRows(count: 300, dimension: 6, distance: .cosine, seed: 53)
    let contents = Self.contents(try #require(try rows.part()))
    #expect(Set(contents.keys) == ["header", "mean", "codes", "links", "entries", "vectors"])
    for name in contents.keys {
      var damaged = contents
      damaged[name] = nil
      #expect(throws: RequestError.self) { try Self.open(damaged) }
      for change in [-1, 1] where name != "header" || change < 0 {
        damaged[name] = contents[name].map { change < 0 ? $0.dropLast() : $0 + [0] }
        let error = #expect(throws: RequestError.self) { try Self.open(damaged) }
        #expect(error?.message.contains(name) == true)
      }
    }
  }

  @Test func newerVersionsAreRefused() throws {
    let rows = SyntheticRows(count: 3, dimension: 2, distance: .dot, seed: 54)
    var contents = Self.contents(try #require(try rows.part()))
    contents["header"]?[4] = 4
    let error = #expect(throws: RequestError.self) { try Self.open(contents) }
    #expect(error?.message.contains("version 4") == true)
  }

  @Test func damagedBytesNeverLeadOutOfBounds() throws {
    let rows = SyntheticRows(count: 120, dimension: 7, distance: .euclid, seed: 55)
    let contents = Self.contents(try #require(try rows.part(m: 4)))
    var random = SplitMix64(state: 56)
    var refused = 0
    for (name, bytes) in contents {
      let places =
        name == "header"
        ? Array(bytes.indices) : (0..<60).map { _ in bytes.indices.randomElement(using: &random) ?? 0 }
      for place in places {
        for bit in name == "header" ? Array(0..<8) : [Int.random(in: 0..<8, using: &random)] {
          var damaged = contents
          damaged[name]?[place] ^= 1 << UInt8(bit)
          do {
            _ = try Self.answers(try Self.open(damaged), rows)
          } catch is RequestError {
            refused += 1
          }
        }
      }
    }
    #expect(refused > 100, "seed 56")
  }

  @Test func everyLinkBeyondTheLevelIsRefused() throws {
    let rows = SyntheticRows(count: 200, dimension: 7, distance: .dot, seed: 57)
    let contents = Self.contents(try #require(try rows.part(m: 4)))
    for name in ["links", "entries"] {
      let words = (contents[name]?.count ?? 0) / 4
      #expect(words > 0)
      for word in stride(from: 0, to: words, by: 7) {
        var damaged = contents
        for (byte, value) in [UInt8(200), 0, 0, 0].enumerated() { damaged[name]?[word * 4 + byte] = value }
        #expect(throws: RequestError.self) { try Self.open(damaged) }
      }
    }
  }
}
