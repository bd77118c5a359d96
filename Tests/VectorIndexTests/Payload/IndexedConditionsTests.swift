import Testing
import VectorModel

@testable import VectorIndex

/// Every kind of condition with every value, on every kind of index, over documents with every kind of value.
@Suite struct IndexedConditionsTests {
  /// How the same documents come to be known.
  enum Form: CaseIterable { case sealed, overlay, compactedOverlay }

  private static let values: [String] = {
    let scalars =
      RandomPayloads.numberTexts + RandomPayloads.texts.map { "\"\($0)\"" } + [
        "null", "true", "false", "{}", "{\"a\":1}",
      ]
    let arrays = [
      "[]", "[null]", "[1,2]", "[1,\"x\"]", "[\"x\",\"xy\"]", "[\"x\",\"x\"]", "[[1]]", "[{}]", "[null,3]",
      "[true,false]",
      "[1,2,3]", "[1.0,1]", "[\"550e8400-e29b-41d4-a716-446655440000\",\"1\"]",
      "[\"2024-01-01\",\"2024-06-01 12:30:00\"]",
    ]
    let places = RandomPayloads.placeTexts
    return scalars + arrays + places + ["[\(places[0]), \(places[2]), 1]", "[\(places[7])]"]
  }()

  /// One document for each value, one without any, and one that is empty.
  private static let payloads: [[UInt8]] =
    values.map { Array("{\"v\":\($0)}".utf8) } + [Array("{\"w\":1}".utf8), []]

  private static let conditions: [Condition] = {
    let path = RandomPayloads.path("v")
    var matches: [Match] = [.bool(true), .bool(false)]
    for text in RandomPayloads.texts + ["xyz 日", "4", "2024", "nowhere"] {
      matches += [
        .string(text), .text(text), .textAny(text), .phrase(text), .prefix(text),
        .exceptStrings([ExactString(text)]),
        .anyString([ExactString(text), "x"]), .exceptStrings([ExactString(text), "x"]),
      ]
    }
    for number in RandomPayloads.integers {
      matches += [
        .integer(number), .exceptIntegers([number]), .anyInteger([number, 2]), .exceptIntegers([number, 2]),
      ]
    }
    matches += [.anyString([]), .anyInteger([]), .exceptStrings([]), .exceptIntegers([])]
    var conditions = matches.map { FieldCondition(path, match: $0) }
    for value in RandomPayloads.bounds {
      for bounds in Self.bounds(value) { conditions.append(FieldCondition(path, range: .number(bounds))) }
    }
    for value in RandomPayloads.instants {
      for bounds in Self.bounds(value) { conditions.append(FieldCondition(path, range: .datetime(bounds))) }
    }
    for geo in RandomPayloads.geoConditions {
      var condition = FieldCondition(path)
      condition.geo = [geo]
      conditions.append(condition)
    }
    for count in 0...4 {
      for bounds in Self.bounds(count) { conditions.append(FieldCondition(path, valuesCount: bounds)) }
    }
    for flag in [true, false] {
      conditions += [FieldCondition(path, isEmpty: flag), FieldCondition(path, isNull: flag)]
    }
    return [.isEmpty(path), .isNull(path)] + conditions.map { .field($0) }
  }()

  private static func bounds<Value>(_ value: Value) -> [Bounds<Value>] {
    [
      Bounds(lessThan: value), Bounds(lessThanOrEqual: value), Bounds(greaterThan: value),
      Bounds(greaterThanOrEqual: value), Bounds(lessThanOrEqual: value, greaterThanOrEqual: value),
    ]
  }

  private static func indexes(_ type: PayloadFieldType, _ form: Form) throws -> PayloadIndexes {
    let field = PayloadField(path: "v", type: type)
    var indexes = PayloadIndexes()
    if form == .sealed {
      let parts = try PointSimulation.parts([field], payloads, payloads.map { _ in true })
      try indexes.declare(field, part: parts[0]) { _ in [] }
      return indexes
    }
    try indexes.declare(field) { _ in [] }
    for round in form == .overlay ? 1...1 : 1...2 {
      for slot in payloads.indices {
        let payload = round == 1 && form != .overlay ? payloads[payloads.count - 1 - slot] : payloads[slot]
        try indexes.put(UInt32(slot), payload: payload)
      }
    }
    if form == .compactedOverlay {
      indexes.replace(parts: [], discardingRowsBefore: 0)
      #expect(indexes.overlayRowCount == payloads.count)
    }
    return indexes
  }

  @Test(arguments: PointSimulation.types, Form.allCases)
  func indexedEqualsUnindexed(type: PayloadFieldType, form: Form) throws {
    let indexes = try Self.indexes(type, form)
    let payloads = Self.payloads
    let context = FilterContext(
      alive: Bitset(count: payloads.count, repeating: true), id: { .number(UInt64($0)) }, slot: { _ in nil },
      vectors: { _ in nil }, payload: { payloads[Int($0)] })
    for condition in Self.conditions {
      let filter = Filter(must: [condition])
      var evaluator = FilterEvaluator(filter)
      var expected = Bitset(count: payloads.count)
      for slot in payloads.indices {
        expected[slot] = try evaluator.matches(payload: payloads[slot], id: .number(0)) { _ in false }
      }
      let verdict = indexes.candidates(for: filter, context)
      var wrong = verdict.definite
      wrong.formAndNot(expected)
      var missed = expected
      missed.formAndNot(verdict.possible)
      #expect(
        wrong.isEmpty && missed.isEmpty,
        "\(condition): wrong \(Self.texts(wrong)), missed \(Self.texts(missed))")
      #expect(indexes.estimate(filter, context).contains(expected.onesCount), "\(condition)")
    }
  }

  /// What an index was made for it decides without reading a payload.
  @Test func nothingStaysOpenThatAnIndexCanDecide() throws {
    let texts =
      ["x", "y", "é", ""].map { "{\"v\":\"\($0)\"}" } + ["{\"v\":[\"x\",\"z\"]}", "{\"v\":null}", "{}"]
    let numbers = ["1", "2", "[3,4]", "-5", "null", "[]"].map { "{\"v\":\($0)}" }
    for (type, documents) in [(PayloadFieldType.keyword, texts), (.integer, numbers), (.float, numbers)] {
      let field = PayloadField(path: "v", type: type)
      let payloads = documents.map { Array($0.utf8) }
      let parts = try PointSimulation.parts([field], payloads, payloads.map { _ in true })
      var indexes = PayloadIndexes()
      try indexes.declare(field, part: parts[0]) { _ in [] }
      let context = FilterContext(
        alive: Bitset(count: payloads.count, repeating: true), id: { .number(UInt64($0)) },
        slot: { _ in nil },
        vectors: { _ in nil },
        payload: { (_) throws(RequestError) in throw .internalError("read") })
      for condition in Self.conditions {
        if type == .float, case .field(let field) = condition, field.match != nil { continue }
        _ = try indexes.resolve(Filter(must: [condition]), context) {}
      }
    }
  }

  private static func texts(_ slots: Bitset) -> [String] {
    var texts: [String] = []
    slots.forEachOne { texts.append(String(decoding: payloads[$0], as: UTF8.self)) }
    return texts
  }
}
