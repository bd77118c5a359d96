import Testing
import VectorModel

@testable import VectorIndex

@Suite struct PayloadIndexPartTests {
  private static func parts(seed: UInt64, count: Int) throws -> [(PayloadField, PayloadIndexPart)] {
    var generator = RandomPayloads(seed: seed)
    let fields = PointSimulation.types.map { PayloadField(path: generator.paths[0], type: $0) }
    var builder = try PayloadIndexBuilder(fields)
    for slot in 0..<count where slot % 7 != 3 {
      try builder.add(slot: UInt32(slot), payload: generator.payload())
    }
    return Array(zip(fields, builder.finish(slotCount: count)))
  }

  private func reopen(
    _ field: PayloadField, _ sections: [(name: String, content: MemorySlice)]
  ) throws(RequestError) -> PayloadIndexPart {
    try PayloadIndexPart(field: field) { name in sections.first { $0.name == name }?.content }
  }

  @Test func sectionsAreTheWholePart() throws {
    for (field, part) in try Self.parts(seed: 1, count: 300) {
      let again = try reopen(field, part.sections())
      #expect(again.slotCount == 300 && again.type == field.type && again.path.description == field.path)
      for (left, right) in zip(part.sections(), again.sections()) {
        #expect(left.name == right.name)
        #expect(unsafe left.content.bytes.elementsEqual(right.content.bytes), "\(left.name)")
      }
    }
  }

  @Test func aMissingSectionIsNamed() throws {
    for (field, part) in try Self.parts(seed: 2, count: 20) {
      for section in part.sections() {
        let rest = part.sections().filter { $0.name != section.name }
        let error = #expect(throws: RequestError.self) { try reopen(field, rest) }
        #expect(error?.message.contains(field.path) ?? false)
        #expect(error?.message.contains(section.name) ?? false)
      }
    }
  }

  /// Version 1 had sections that are not read any more instead of the buckets.
  @Test func partsOfVersionOneAreReadAndLaterOnesRefused() throws {
    let fields = [PayloadField(path: "n", type: .integer), PayloadField(path: "k", type: .keyword)]
    var random = SplitMix64(state: 12)
    let values = (0..<3_000).map { _ in Int.random(in: 0..<900, using: &random) }
    let documents = values.map { Array(#"{"n": \#($0), "k": "\#($0 % 7)"}"#.utf8) }
    let parts = try PointSimulation.parts(fields, documents, values.map { _ in true })
    func sections(_ part: PayloadIndexPart, version: UInt8) -> [(name: String, content: MemorySlice)] {
      part.sections().compactMap { section in
        var bytes = unsafe Array(section.content.bytes)
        if section.name == "header" { bytes[4] = version }
        if version == 1, section.name.hasPrefix("bucket") { return nil }
        return (section.name, MemorySlice(MemoryRegion(copying: bytes)))
      }
    }
    for (field, part) in zip(fields, parts) {
      let opened = try reopen(field, sections(part, version: 1))
      for (left, right) in zip(part.sections(), opened.sections()) {
        #expect(unsafe left.content.bytes.elementsEqual(right.content.bytes), "\(left.name)")
      }
      let error = #expect(throws: RequestError.self) { try reopen(field, sections(part, version: 3)) }
      #expect(error?.message.contains("version 3, this server reads 1 to 2") ?? false)
    }
  }

  @Test func anotherFieldsPartIsRefused() throws {
    for (field, part) in try Self.parts(seed: 3, count: 10) {
      let others = PointSimulation.types.filter { $0 != field.type }.map {
        PayloadField(path: field.path, type: $0)
      }
      for other in others + [PayloadField(path: "other", type: field.type)] {
        #expect(throws: RequestError.self) { try reopen(other, part.sections()) }
      }
    }
  }

  /// Whatever happens to the bytes: an error, or a part that answers without reading out of bounds.
  @Test(arguments: 0..<6)
  func damageIsRefusedOrHarmless(seed: Int) throws {
    var random = SplitMix64(state: UInt64(seed))
    let conditions: [Condition] = (0..<20).map { _ in
      var generator = RandomPayloads(seed: random.next())
      return .field(generator.fieldCondition())
    }
    for (field, part) in try Self.parts(seed: UInt64(seed) + 10, count: 120) {
      for _ in 0..<40 {
        var sections = part.sections()
        let index = Int.random(in: 0..<sections.count, using: &random)
        var bytes = unsafe Array(sections[index].content.bytes)
        if bytes.isEmpty || random.chance(20) {
          bytes += [UInt8](repeating: 7, count: Int.random(in: 1...9, using: &random))
        } else if random.chance(30) {
          bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
        } else {
          for _ in 0..<Int.random(in: 1...3, using: &random) {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
          }
        }
        sections[index].content = MemorySlice(MemoryRegion(copying: bytes))
        guard let opened = try? reopen(field, sections) else { continue }
        for case .field(let condition) in conditions { _ = opened.verdict(condition, slotCount: 120) }
      }
    }
  }

  /// - Parameters:
  ///   - most: numbers of a slot
  ///   - isOlder: as files of older programs, which have no buckets
  @Test(arguments: [
    (count: 70_000, share: 100, most: 1, isOlder: false), (20_000, 100, 1, true), (20_000, 60, 1, false),
    (9_001, 100, 3, false), (9_001, 90, 12, false), (9_001, 100, 3, true), (30_000, 5, 2, false),
    (1_023, 100, 1, false), (1_024, 100, 1, false), (1_500, 70, 2, false),
  ])
  func rangesOfLongColumns(count: Int, share: Int, most: Int, isOlder: Bool) throws {
    var random = SplitMix64(state: 9)
    let values: [[Int64]] = (0..<count).map { _ in
      guard random.chance(share) else { return [] }
      return (0..<Int.random(in: 1...most, using: &random)).map { _ in .random(in: 0..<1000, using: &random) }
    }
    let rows = values.enumerated().flatMap { slot, keys in keys.map { (key: $0, slot: UInt32(slot)) } }
    let built = NumberColumn(rows, slotCount: count)
    let bytesCount = try #require(built.sections.first { $0.name == "buckets" }).content.count
    #expect(rows.count >= 1024 && share > 12 ? bytesCount >= count : bytesCount == 0)
    let column = try #require(Self.reopened(built, slotCount: count, isOlder: isOlder))
    let drawn = (0..<30).map { _ in
      let low = Int64.random(in: 0..<1000, using: &random)
      return low...Int64.random(in: low...1000, using: &random)
    }
    for range in [0...999, 0...499, 500...999, 250...750, 3...3, 999...999, 1000...2000, 61...64, 0...0]
      + drawn
    {
      var words = SlotWords(count: count)
      column.insert(rows: column.rows(in: range), into: &words)
      let found = words.bitset()
      #expect((0..<count).allSatisfy { found[$0] == values[$0].contains(where: range.contains) }, "\(range)")
    }
  }

  @Test(arguments: ["buckets", "bucket-rest"])
  func damagedBucketsAreRefused(name: String) throws {
    let rows = (0..<6_000).map { (key: Int64($0 % 97), slot: UInt32($0 % 2_000)) }
    let column = NumberColumn(rows, slotCount: 2_000)
    #expect(Self.reopened(column, slotCount: 2_000) != nil)
    let damage = MemorySlice(MemoryRegion(copying: [7, 255, 255, 255]))
    #expect(Self.reopened(column, slotCount: 2_000, replacing: [name: damage]) == nil)
  }

  /// The column of another's sections.
  /// - Parameter isOlder: as of files of older programs, which have no buckets
  private static func reopened(
    _ column: NumberColumn, slotCount: Int, isOlder: Bool = false, replacing: [String: MemorySlice] = [:]
  ) -> NumberColumn? {
    let sections = Dictionary(uniqueKeysWithValues: column.sections).merging(replacing) { $1 }
    guard let keys = sections["keys"], let starts = sections["starts"], let slots = sections["slots"],
      let planes = sections["buckets"], let rest = sections["bucket-rest"]
    else { return nil }
    return NumberColumn(
      keys: keys, starts: starts, slots: slots, buckets: isOlder ? nil : (planes, rest), slotCount: slotCount)
  }

  /// The bytes of version 2. A change of them is a change of the format.
  @Test func goldenSections() throws {
    let documents = [#"{"k": "b", "n": 7}"#, #"{"k": ["a", "b"], "n": [7, -1]}"#, #"{"k": null}"#]
    let fields = [PayloadField(path: "k", type: .keyword), PayloadField(path: "n", type: .integer)]
    let parts = try PointSimulation.parts(fields, documents.map { Array($0.utf8) }, [true, true, true])
    func section(_ part: PayloadIndexPart, _ name: String) -> [UInt8] {
      part.sections().first { $0.name == name }.map { unsafe Array($0.content.bytes) } ?? []
    }
    #expect(PayloadIndexPart.formatVersion == 2)
    let keywords = parts[0]
    #expect(section(keywords, "header") == Array("NTPX".utf8) + [2, 0, 1, 0, 3, 0, 0, 0] + Array("k".utf8))
    #expect(section(keywords, "terms") == Array("ab".utf8))
    #expect(section(keywords, "term-offsets") == [0, 1, 2].flatMap { [$0, 0, 0, 0, 0, 0, 0, 0] })
    #expect(section(keywords, "cardinalities") == [1, 0, 0, 0, 2, 0, 0, 0])
    #expect(section(keywords, "posting-offsets") == [0, 4, 12].flatMap { [$0, 0, 0, 0, 0, 0, 0, 0] })
    #expect(section(keywords, "postings") == [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])
    // Null of slot 2: a roaring set of one chunk with one array of one slot.
    #expect(section(keywords, "facts-0") == [58, 48, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 2, 0])
    #expect(section(keywords, "count-slots") == [1, 0, 0, 0])
    #expect(section(keywords, "distinct-values") == [2, 0, 0, 0])
    let numbers = parts[1]
    #expect(
      section(numbers, "keys") == [UInt8](repeating: 255, count: 8) + [7, 0, 0, 0, 0, 0, 0, 0])
    #expect(section(numbers, "starts") == [0, 1, 3].flatMap { [$0, 0, 0, 0] })
    #expect(section(numbers, "slots") == [1, 0, 1].flatMap { [$0, 0, 0, 0] })
    // Few rows have no buckets.
    #expect(section(numbers, "buckets").isEmpty && section(numbers, "bucket-rest").isEmpty)
  }

  @Test func unsupportedTypesAreNamed() {
    for type in [PayloadFieldType.text] {
      let error = #expect(throws: RequestError.self) {
        try PayloadIndexBuilder([PayloadField(path: "a", type: type)])
      }
      #expect(error?.message.contains(type.name) ?? false)
    }
  }
}
