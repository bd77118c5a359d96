import Testing
import VectorModel

@testable import VectorIndex

@Suite struct ValueGraphTests {
  private static let parameters = GraphParameters(m: 8, efConstruction: 64, fullScanThresholdKilobytes: 1)
  private static let count = 4000
  private static let dimension = 12

  /// Two values of `language`: `en` of two rows of five, `de` of one; the others have none.
  private static func rows(_ term: String, of numbers: [Int]) -> [UInt32] {
    let rests = term == "en" ? [0, 1] : [2]
    return numbers.indices.filter { rests.contains(numbers[$0] % 5) }.map { UInt32($0) }
  }

  private static func fields(of numbers: [Int]) -> [FieldRows] {
    let values = ["en", "de"].map { term in
      FieldRows.Value(term: Array(term.utf8), rows: rows(term, of: numbers))
    }
    return [
      FieldRows(field: "language", m: 8, values: values), FieldRows(field: "tenant", m: 8, values: []),
    ]
  }

  private static func part(
    _ rows: SyntheticRows, numbers: [Int] = Array(0..<count), fields: [FieldRows]? = nil,
    previous: [PreviousPart] = []
  ) throws -> VectorPart {
    try #require(
      try VectorPart.build(
        rows: rows.memory, count: rows.count, dimension: dimension, distance: rows.distance,
        parameters: parameters, fields: fields ?? Self.fields(of: numbers), previous: previous, threads: 2))
  }

  private static func filter(_ rows: [UInt32], count: Int = count) -> RowFilter {
    var accepted = Bitset(count: count)
    for row in rows { accepted[Int(row)] = true }
    return RowFilter(rows: accepted)
  }

  private static let english = rows("en", of: Array(0..<count))

  /// Recall@10, and the plans taken.
  private func search(
    _ rows: SyntheticRows, _ part: VectorPart, _ accept: RowFilter, ef: Int = 20
  ) throws -> (recall: Double, plans: Set<SearchPlan>) {
    var random = SplitMix64(state: 31)
    let scratch = SearchScratch()
    var statistics = SearchStatistics()
    var hits = 0
    for _ in 0..<60 {
      let query = rows.query(&random)
      let found = try part.search(
        .nearest(query), options: PartSearchOptions(limit: 10, ef: ef), accept: accept, scratch: scratch,
        statistics: &statistics)
      #expect(found.allSatisfy { accept.rows[Int($0.row)] })
      hits +=
        Set(rows.nearest(query, 10, accept: accept.rows).map(\.row)).intersection(found.map(\.row)).count
    }
    return (Double(hits) / 600, Set(statistics.plans))
  }

  @Test(arguments: [Distance.cosine, .euclid, .manhattan, .dot])
  func aValueIsSearchedByItsOwnLinks(distance: Distance) throws {
    let rows = SyntheticRows(count: Self.count, dimension: Self.dimension, distance: distance, seed: 41)
    let part = try Self.part(rows)
    #expect(part.linkedTerms(field: "language") == [Array("en".utf8), Array("de".utf8)])
    #expect(part.linkedFields == ["language", "tenant"])
    let found = try search(rows, part, Self.filter(Self.english))
    #expect(found.plans == [.valueTraversal])
    #expect(found.recall >= (distance == .dot ? 0.8 : 0.95), "recall \(found.recall)")
  }

  /// Every list of a value's rows leads to its rows only, and to all of them.
  @Test func linksStayAmongTheRowsOfAValue() throws {
    let rows = SyntheticRows(count: Self.count, dimension: Self.dimension, distance: .euclid, seed: 42)
    for value in try Self.part(rows).valueGraphs {
      let graph = value.graph
      #expect(Reachability(graph: graph).unreached(of: value.rows.ones).isEmpty)
      for row in value.rows.ones {
        for slot in 0..<graph.slots {
          let target = unsafe graph.links[Int(row) * graph.slots + slot]
          #expect(target == UInt32.max || value.rows[Int(target)])
        }
      }
    }
  }

  @Test func conditionsBesidesTheValueAreKept() throws {
    let rows = SyntheticRows(count: Self.count, dimension: Self.dimension, distance: .cosine, seed: 43)
    let part = try Self.part(rows)
    for modulus in [2, 3, 20] {
      let accepted = Self.english.filter { Int($0) / 5 % modulus != 0 }
      let found = try search(rows, part, Self.filter(accepted))
      #expect(found.recall >= 0.95, "\(accepted.count) rows: recall \(found.recall)")
      if modulus == 20 { #expect(found.plans == [.valueTraversal]) }
    }
  }

  /// Rows that got the value after the part was built are found beside the links; many of them need another plan.
  @Test func rowsOutsideOfTheLinksAreCompared() throws {
    let rows = SyntheticRows(count: Self.count, dimension: Self.dimension, distance: .euclid, seed: 44)
    let part = try Self.part(rows)
    let outside: [UInt32] = [3, 1004, 3999]
    let accept = Self.filter(Self.english + outside)
    let scratch = SearchScratch()
    for row in outside {
      var statistics = SearchStatistics()
      let found = try part.search(
        .nearest(rows.row(Int(row))), options: PartSearchOptions(limit: 10, ef: 20), accept: accept,
        scratch: scratch, statistics: &statistics)
      #expect(found.first?.row == row)
      #expect(statistics.plans == [.valueTraversal])
    }
    let many = Self.english + (0..<UInt32(Self.count)).filter { $0 % 5 == 3 && $0 % 7 == 0 }
    let found = try search(rows, part, Self.filter(many), ef: 40)
    #expect(!found.plans.contains(.valueTraversal))
    #expect(found.recall >= 0.95)
  }

  @Test func aRowWithTwoValuesIsFoundByBoth() throws {
    let rows = SyntheticRows(count: Self.count, dimension: Self.dimension, distance: .euclid, seed: 45)
    var fields = Self.fields(of: Array(0..<Self.count))
    let both: [UInt32] = [0, 5, 10]
    let german = Self.rows("de", of: Array(0..<Self.count)) + both
    fields[0] = FieldRows(
      field: "language", m: 8,
      values: [fields[0].values[0], FieldRows.Value(term: Array("de".utf8), rows: german.sorted())])
    let part = try Self.part(rows, fields: fields)
    for accepted in [Self.english, german] {
      for row in both {
        var statistics = SearchStatistics()
        let found = try part.search(
          .nearest(rows.row(Int(row))), options: PartSearchOptions(limit: 10, ef: 10),
          accept: Self.filter(accepted), scratch: SearchScratch(), statistics: &statistics)
        #expect(found.first?.row == row)
        #expect(statistics.plans == [.valueTraversal])
      }
    }
  }

  @Test func linksAreTakenOverByTheNextPart() throws {
    let all = SyntheticRows(count: 6000, dimension: Self.dimension, distance: .cosine, seed: 46)
    var random = SplitMix64(state: 47)
    var numbers = Array(0..<Self.count)
    var rows = SyntheticRows(numbers.map(all.row), dimension: Self.dimension, distance: .cosine)
    var part = try Self.part(rows, numbers: numbers)
    for round in 0..<4 {
      let old = numbers
      numbers.removeAll { _ in Int.random(in: 0..<10, using: &random) == 0 }
      numbers += (4000 + round * 500)..<(4500 + round * 500)
      numbers.shuffle(using: &random)
      let places = Dictionary(uniqueKeysWithValues: old.enumerated().map { ($0.element, UInt32($0.offset)) })
      rows = SyntheticRows(numbers.map(all.row), dimension: Self.dimension, distance: .cosine)
      part = try Self.part(
        rows, numbers: numbers,
        previous: [PreviousPart(part: part, rows: numbers.map { places[$0] ?? PreviousPart.noRow })])
      for value in part.valueGraphs {
        try value.graph.validate()
        #expect(Reachability(graph: value.graph).unreached(of: value.rows.ones).isEmpty)
      }
    }
    let accept = Self.filter(Self.rows("en", of: numbers), count: numbers.count)
    let found = try search(rows, part, accept)
    #expect(found.plans == [.valueTraversal])
    #expect(found.recall >= 0.95, "recall \(found.recall)")
  }

  @Test func unchangedLinksAreTheSameAgain() throws {
    let rows = SyntheticRows(count: Self.count, dimension: Self.dimension, distance: .euclid, seed: 48)
    let first = try Self.part(rows)
    let second = try Self.part(
      rows, previous: [PreviousPart(part: first, rows: (0..<UInt32(Self.count)).map { $0 })])
    for (old, new) in zip(first.valueGraphs, second.valueGraphs) {
      #expect(old.graph.entryRows == new.graph.entryRows)
      #expect(unsafe old.graph.linkBytes.bytes.elementsEqual(new.graph.linkBytes.bytes))
    }
  }

  @Test(arguments: [PartResidency.copied, .inPlace])
  func sectionsBringEverythingBack(residency: PartResidency) throws {
    let rows = SyntheticRows(count: Self.count, dimension: Self.dimension, distance: .cosine, seed: 49)
    let part = try Self.part(rows)
    let sections = Dictionary(uniqueKeysWithValues: part.sections().map { ($0.name, $0.bytes) })
    let again = try VectorPart(sections: { sections[$0] }, residency: residency)
    #expect(again.linkedFields == part.linkedFields)
    #expect(again.compactByteCount == part.compactByteCount)
    #expect(
      try search(rows, again, Self.filter(Self.english)) == search(rows, part, Self.filter(Self.english)))
  }

  /// A byte changed anywhere in the small sections, or a section cut short or left out: opening throws or all answers
  /// are rows that the filter accepts.
  @Test func damagedSectionsAreNeverFollowed() throws {
    let rows = SyntheticRows(count: Self.count, dimension: Self.dimension, distance: .euclid, seed: 50)
    let intact = Dictionary(
      uniqueKeysWithValues: try Self.part(rows).sections().map { section in
        (section.name, withExtendedLifetime(section.bytes) { unsafe [UInt8](section.bytes.bytes) })
      })
    let accept = Self.filter(Self.english)
    func open(_ contents: [String: [UInt8]]) throws -> VectorPart {
      try VectorPart(sections: { contents[$0].map { MemorySlice(MemoryRegion(copying: $0)) } })
    }
    var random = SplitMix64(state: 51)
    for name in ["fields", "field-links-0", "field-rows-0", "field-entries-0"] {
      let whole = try #require(intact[name])
      for damage in [Array(whole.dropLast()), whole + [0], []] {
        #expect(throws: RequestError.self, "\(name)") { try open(intact.merging([name: damage]) { $1 }) }
      }
      if name != "fields" {
        #expect(throws: RequestError.self, "\(name)") { try open(intact.filter { $0.key != name }) }
      }
      for _ in 0..<20 {
        var damaged = whole
        let place = Int.random(
          in: 0..<(name == "field-links-0" ? whole.count : min(whole.count, 600)), using: &random)
        damaged[place] ^= UInt8.random(in: 1...255, using: &random)
        guard let part = try? open(intact.merging([name: damaged]) { $1 }) else { continue }
        var statistics = SearchStatistics()
        let found = try part.search(
          .nearest(rows.row(0)), options: PartSearchOptions(limit: 10, ef: 20), accept: accept,
          scratch: SearchScratch(), statistics: &statistics)
        #expect(found.allSatisfy { accept.rows[Int($0.row)] })
      }
    }
  }

  @Test func rowsWithAValueAreLinkedFromWhatIsScannedToThreeFifths() {
    let parameters = GraphParameters(m: 8, fullScanThresholdKilobytes: 10_000)
    #expect(FieldRows.rowCounts(of: 50_000, dimension: 384, parameters: parameters) == 6667...30_000)
    #expect(FieldRows.rowCounts(of: 10_000, dimension: 384, parameters: parameters) == nil)
    #expect(FieldRows.rowCounts(of: 1_000_000, dimension: 8, parameters: parameters) == 20_001...600_000)
    #expect(
      FieldRows.rowCounts(of: 50_000, dimension: 384, parameters: GraphParameters(m: 0)) == nil)
  }
}
