import VectorModel

/// Random payloads and filters over few keys and values, so that they meet often.
struct RandomPayloads {
  var random: SplitMix64
  /// The paths of this run: few, so that conditions and indexes meet.
  let paths: [String]

  init(seed: UInt64) {
    random = SplitMix64(state: seed)
    paths = Array(Self.pathTexts.shuffled(using: &random).prefix(6))
  }

  static let names = ["a", "b", "c", "k", "n", "t", "ключ"]
  static let pathTexts = [
    "a", "b", "c", "k", "n", "t", "ключ", "\"x y\"", "a.b", "a.k", "a[]", "a[].b", "a[].n", "b[].k", "b[0]",
    "b[1].n", "n[]", "a.b[].c", "a[].b[].n", "k[0]",
  ]
  static let texts = [
    "", "x", "xy", "xyz", "yx", "été", "e\u{301}te\u{301}", "日本", "a b", "b", "2024-01-01",
    "2024-01-01T00:00:00Z",
    "2024-06-01 12:30:00", "2024-06-01T12:30:00.000001+02:00", "2024-13-01", "1",
    "550e8400-e29b-41d4-a716-446655440000", "550E8400-E29B-41D4-A716-446655440000",
    "00000000-0000-0000-0000-000000000001",
  ]
  static let integers: [Int64] = [
    0, 1, 2, 3, -1, .max, .min, .max - 1, 9_007_199_254_740_993, 9_007_199_254_740_992, 1_704_067_200_000_000,
  ]
  static let numberTexts = [
    "0", "1", "2", "3", "-1", "1.0", "2.5", "-0", "-0.0", "1e2", "1e-3", "9223372036854775807",
    "-9223372036854775808", "9223372036854775806", "9007199254740993", "9223372036854775808",
    "18446744073709551615", "18446744073709551616", "1e300", "-1e300", "1704067200000000",
  ]
  static let bounds: [Double] = [
    0, -0.0, 1, 2, 2.5, -1, 100, 9_007_199_254_740_992, 9_223_372_036_854_775_808, -9_223_372_036_854_775_808,
    1e19, 1e300, -1e300, 0.001, -.infinity, .infinity,
  ]

  static let instants: [Int64] = [
    1_704_067_200_000_000, 1_717_245_000_000_000, 1_717_237_800_000_001, 0, .max, .min,
  ]

  /// Places, and what is none.
  static let placeTexts = [
    #"{"lon":2.35,"lat":48.85}"#, #"{"lat":40,"lon":-3}"#, #"{"lon":179.9,"lat":-17.7}"#,
    #"{"lon":-179.9,"lat":-16.5}"#, #"{"lon":180,"lat":90}"#, #"{"lon":-180.0,"lat":-90}"#,
    #"{"lon":2.4,"lat":48.8,"k":1}"#, #"{"lon":181,"lat":0}"#, #"{"lon":"2","lat":3}"#, #"{"lon":1}"#,
    #"{"lon":0,"lat":0,"lon":10,"lat":5.5}"#,
  ]

  static let geoConditions: [GeoCondition] = {
    func at(_ longitude: Double, _ latitude: Double) -> GeoPoint {
      GeoPoint(longitude: longitude, latitude: latitude)
    }
    return [
      .box(topLeft: at(-10, 60), bottomRight: at(20, 35)),
      // A place lies on a border: it is outside.
      .box(topLeft: at(2.35, 60), bottomRight: at(20, 35)),
      .box(topLeft: at(170, 0), bottomRight: at(-170, -30)),
      .box(topLeft: at(-180, 90), bottomRight: at(180, -90)),
      .box(topLeft: at(0, 10), bottomRight: at(10, 20)),
      .radius(center: at(2.3, 48.9), meters: 20_000), .radius(center: at(2.3, 48.9), meters: 8_000),
      .radius(center: at(-179.5, -17), meters: 150_000), .radius(center: at(0, 89), meters: 200_000),
      .radius(center: at(10, 5), meters: 3e7), .radius(center: at(10, 5.5), meters: 0),
      .polygon(exterior: [at(-5, 35), at(5, 35), at(5, 50), at(-5, 50), at(-5, 35)], interiors: []),
      .polygon(
        exterior: [at(-20, 0.5), at(30, -20.5), at(15, 60), at(-20, 0.5)],
        interiors: [[at(2, 48), at(3, 48), at(3, 49), at(2, 49), at(2, 48)]]),
    ]
  }()

  // MARK: Payloads

  mutating func payload() -> [UInt8] {
    if random.chance(3) { return [] }
    return Array(object(depth: 0).utf8)
  }

  private mutating func object(depth: Int) -> String {
    let count = Int.random(in: depth == 0 ? 3...8 : 0...4, using: &random)
    let members = (0..<count).map { _ in "\(key())\(space()):\(space())\(value(depth: depth + 1))" }
    return "{\(space())\(members.joined(separator: ","))\(space())}"
  }

  private mutating func key() -> String {
    if random.chance(8) { return "\"x y\"" }
    if random.chance(5) { return "\"\\u0061\"" }
    return "\"\(random.pick(Self.names))\""
  }

  private mutating func space() -> String { random.chance(10) ? " \n" : "" }

  private mutating func value(depth: Int) -> String {
    switch Int.random(in: 0..<20, using: &random) {
    case 0: return "null"
    case 1: return random.pick(["true", "false"])
    case 2...7: return scalar()
    case 8...12 where depth < 4:
      let count = Int.random(in: 0...4, using: &random)
      let kind = random.chance(60) ? Int.random(in: 0..<10, using: &random) : nil
      let elements = (0..<count).map { _ in
        kind != nil || random.chance(75) ? scalar(kind) : value(depth: depth + 1)
      }
      return "[\(elements.joined(separator: ", "))]"
    case 13...15 where depth < 4:
      let count = Int.random(in: 0...3, using: &random)
      let elements = (0..<count).map { _ in random.chance(85) ? object(depth: depth + 1) : scalar() }
      return "[\(elements.joined(separator: ","))]"
    case 16 where depth < 4: return object(depth: depth + 1)
    case 17: return random.pick(Self.placeTexts)
    default: return scalar()
    }
  }

  private mutating func scalar(_ kind: Int? = nil) -> String {
    switch kind ?? Int.random(in: 0..<10, using: &random) {
    case 0: return "null"
    case 1: return random.pick(["true", "false"])
    case 2...5: return random.pick(Self.numberTexts)
    default: return "\"\(random.pick(Self.texts))\""
    }
  }

  // MARK: Filters

  /// One condition on one path, so that nothing hides what it answers.
  mutating func singleFilter() -> Filter {
    let condition: Condition
    switch Int.random(in: 0..<12, using: &random) {
    case 0: condition = .isEmpty(path())
    case 1: condition = .isNull(path())
    case 2...3: condition = innerCondition()
    default: condition = .field(fieldCondition())
    }
    return random.chance(80) ? Filter(must: [condition]) : Filter(mustNot: [condition])
  }

  /// A nested condition on the inner part of one of the paths, if it has one.
  private mutating func innerCondition() -> Condition {
    var condition = fieldCondition()
    let splittable = paths.filter { $0.contains("[].") }
    let path = splittable.isEmpty ? "a[].b" : random.pick(splittable)
    let parts = path.split(separator: ".", maxSplits: 1).map(String.init)
    condition.key = Self.path(parts[1])
    return .nested(Self.path(parts[0]), Filter(must: [.field(condition)]))
  }

  mutating func filter(depth: Int = 0, ids: [PointID]) -> Filter {
    var filter = Filter()
    let most = depth == 0 ? 3 : 2
    if random.chance(60) { filter.must = conditions(most, depth, ids) }
    if random.chance(30) { filter.should = conditions(most, depth, ids) }
    if random.chance(30) { filter.mustNot = conditions(most, depth, ids) }
    if random.chance(15) {
      let list = conditions(5, depth, ids)
      let minimum = Int.random(in: 1...max(1, list.count + 1), using: &random)
      filter.minShould = Filter.MinShould(conditions: list, minimumCount: minimum)
    }
    return filter
  }

  private mutating func conditions(_ most: Int, _ depth: Int, _ ids: [PointID]) -> [Condition] {
    (0..<Int.random(in: 0...most, using: &random)).map { _ in condition(depth, ids) }
  }

  private mutating func condition(_ depth: Int, _ ids: [PointID]) -> Condition {
    switch Int.random(in: 0..<24, using: &random) {
    case 0: return .isEmpty(path())
    case 1: return .isNull(path())
    case 2: return .hasID(Set((0..<3).map { _ in random.pick(ids) }))
    case 3: return .hasVector(random.pick(["", "image", "none"]))
    case 4:
      let total = UInt64.random(in: 1...4, using: &random)
      return .slice(total: total, index: UInt64.random(in: 0..<total, using: &random))
    case 5...7 where depth < 3: return .nested(nestedPath(), filter(depth: depth + 1, ids: ids))
    case 8...9 where depth < 3: return .filter(filter(depth: depth + 1, ids: ids))
    default: return .field(fieldCondition())
    }
  }

  private mutating func nestedPath() -> PayloadPath {
    Self.path(random.pick(["a", "b", "a[]", "a.b", "a[].b", "n"]))
  }

  mutating func path() -> PayloadPath { Self.path(random.pick(paths)) }

  /// A path that is known to be well formed.
  static func path(_ text: String) -> PayloadPath {
    do { return try PayloadPath(text) } catch { preconditionFailure(error.message) }
  }

  mutating func fieldCondition() -> FieldCondition {
    var condition = FieldCondition(path())
    switch Int.random(in: 0..<20, using: &random) {
    case 0...8: condition.match = match()
    case 9...13: condition.range = range()
    case 14: condition.valuesCount = counts()
    case 15: condition.geo = [random.pick(Self.geoConditions)]
    case 16: condition.isEmpty = random.chance(50)
    case 17: condition.isNull = random.chance(50)
    default:
      condition.match = random.chance(70) ? match() : nil
      condition.range = random.chance(50) ? range() : nil
      condition.geo = random.chance(30) ? [random.pick(Self.geoConditions)] : []
      condition.valuesCount = random.chance(40) ? counts() : nil
      condition.isEmpty = random.chance(20) ? random.chance(50) : nil
      condition.isNull = random.chance(20) ? random.chance(50) : nil
    }
    return condition
  }

  private mutating func match() -> Match {
    switch Int.random(in: 0..<14, using: &random) {
    case 0...1: return .string(random.pick(Self.texts))
    case 2...3: return .integer(random.pick(Self.integers))
    case 4: return .bool(random.chance(50))
    case 5: return .anyString(Set((0..<3).map { _ in ExactString(random.pick(Self.texts)) }))
    case 6: return .anyInteger(Set((0..<3).map { _ in random.pick(Self.integers) }))
    case 7: return .exceptStrings(Set((0..<3).map { _ in ExactString(random.pick(Self.texts)) }))
    case 8: return .exceptIntegers(Set((0..<3).map { _ in random.pick(Self.integers) }))
    case 9: return .text(random.pick(Self.texts + ["y", "20", "550"]))
    case 10: return .textAny(random.pick(["", "x y", "z 日", "2024 b", " \t"]))
    case 11: return .phrase(random.pick(Self.texts + ["x", " b"]))
    default: return .prefix(random.pick(Self.texts + ["2024", "5", "x", "日"]))
    }
  }

  private mutating func range() -> RangeCondition {
    if random.chance(60) {
      return .number(
        Bounds(
          lessThan: random.chance(30) ? random.pick(Self.bounds) : nil,
          lessThanOrEqual: random.chance(30) ? random.pick(Self.bounds) : nil,
          greaterThan: random.chance(30) ? random.pick(Self.bounds) : nil,
          greaterThanOrEqual: random.chance(40) ? random.pick(Self.bounds) : nil))
    }
    return .datetime(
      Bounds(
        lessThan: random.chance(30) ? random.pick(Self.instants) : nil,
        lessThanOrEqual: random.chance(30) ? random.pick(Self.instants) : nil,
        greaterThan: random.chance(30) ? random.pick(Self.instants) : nil,
        greaterThanOrEqual: random.chance(40) ? random.pick(Self.instants) : nil))
  }

  private mutating func counts() -> ValuesCount {
    ValuesCount(
      lessThan: random.chance(30) ? Int.random(in: 0...4, using: &random) : nil,
      lessThanOrEqual: random.chance(30) ? Int.random(in: 0...4, using: &random) : nil,
      greaterThan: random.chance(30) ? Int.random(in: 0...3, using: &random) : nil,
      greaterThanOrEqual: random.chance(40) ? Int.random(in: 0...4, using: &random) : nil)
  }
}

extension SplitMix64 {
  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

  mutating func pick<Element>(_ list: [Element]) -> Element {
    list[Int.random(in: 0..<list.count, using: &self)]
  }
}
