import Testing
import VectorModel

/// Filters and configurations come back from the JSON that is made of them.
@Suite struct DocumentTests {
  @Test func randomFiltersComeBack() throws {
    for seed in UInt64(0)..<500 {
      var random = SplitMix64(seed: seed)
      let filter = try Self.filter(depth: 3, &random)
      var writer = JSONWriter()
      filter.write(to: &writer)
      let read = try JSONReader.read(writer.bytes) { (json) throws(RequestError) in try Filter(json: &json) }
      #expect(read == filter, "seed \(seed): \(String(decoding: writer.bytes, as: UTF8.self))")
    }
  }

  private static func filter(depth: Int, _ random: inout SplitMix64) throws(RequestError) -> Filter {
    var filter = Filter()
    filter.must = try conditions(depth, &random)
    filter.mustNot = try conditions(depth, &random)
    filter.should = try conditions(depth, &random)
    if Bool.random(using: &random) {
      filter.minShould = .init(
        conditions: try conditions(depth, &random), minimumCount: Int.random(in: 1...3, using: &random))
    }
    return filter
  }

  private static func conditions(_ depth: Int, _ random: inout SplitMix64) throws(RequestError) -> [Condition]
  {
    var list: [Condition] = []
    for _ in 0..<Int.random(in: 0...2, using: &random) { list.append(try condition(depth, &random)) }
    return list
  }

  private static func condition(_ depth: Int, _ random: inout SplitMix64) throws(RequestError) -> Condition {
    let path = try PayloadPath(["a", "b.c", "d[].e", "f[0]", "\"g h\""].randomElement(using: &random) ?? "a")
    switch Int.random(in: 0..<(depth > 0 ? 9 : 7), using: &random) {
    case 0: return .isEmpty(path)
    case 1: return .isNull(path)
    case 2: return .hasID([.number(random.next()), .uuid(UUID128(high: random.next(), low: random.next()))])
    case 3: return .hasVector("text")
    case 4: return .slice(total: 10, index: UInt64.random(in: 0..<10, using: &random))
    case 5: return .field(FieldCondition(path, match: match(&random)))
    case 6: return .field(field(path, &random))
    case 7: return .nested(path, try filter(depth: depth - 1, &random))
    default: return .filter(try filter(depth: depth - 1, &random))
    }
  }

  private static func field(_ path: PayloadPath, _ random: inout SplitMix64) -> FieldCondition {
    var field = FieldCondition(path, isEmpty: Bool.random(using: &random))
    if Bool.random(using: &random) { field.isNull = true }
    if Bool.random(using: &random) { field.valuesCount = ValuesCount(greaterThan: 1, greaterThanOrEqual: 2) }
    let number = Double.random(in: -1e9...1e9, using: &random)
    if Bool.random(using: &random) {
      field.range = .number(.init(lessThan: number, lessThanOrEqual: .leastNonzeroMagnitude))
    } else {
      field.range = .datetime(.init(greaterThanOrEqual: Int64(number)))
    }
    return field
  }

  private static func match(_ random: inout SplitMix64) -> Match {
    let matches: [Match] = [
      .string("ä\"\\\n"), .integer(.min), .bool(true), .anyString(["a", "b"]), .anyInteger([1, -2]),
      .exceptStrings(["x"]), .exceptIntegers([3, 4]), .text("t"), .textAny("u v"), .phrase("w"), .prefix("p"),
    ]
    return matches.randomElement(using: &random) ?? .bool(false)
  }

  @Test func configurationsComeBack() throws {
    for case (let name, .createCollection(_, let configuration)) in try RequestSamples.all() {
      var writer = JSONWriter()
      configuration.writeCreation(to: &writer)
      let read = try JSONReader.read(writer.bytes, CollectionConfiguration.init(json:))
      #expect(read == configuration, "\(name)")
    }
    for case (let name, .updateCollection(_, let update)) in try RequestSamples.all() {
      var writer = JSONWriter()
      update.write(to: &writer)
      let read = try JSONReader.read(writer.bytes, CollectionUpdate.init(json:))
      #expect(read == update, "\(name)")
    }
  }
}
