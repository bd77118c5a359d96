import VectorModel

@testable import VectorIndex

/// Points with random payloads, and indexes that are kept as an engine would keep them.
struct PointSimulation {
  static let types: [PayloadFieldType] = [.keyword, .integer, .float, .bool, .datetime, .uuid, .geo]
  static let vectorNames = ["", "image"]

  var generator: RandomPayloads
  var indexes = PayloadIndexes()
  private(set) var payloads: [[UInt8]] = []
  private(set) var ids: [PointID] = []
  private(set) var alive: [Bool] = []
  private var vectors: [[Bool]] = []
  private var fields: [PayloadField] = []

  init(seed: UInt64) { generator = RandomPayloads(seed: seed) }

  var slotCount: Int { payloads.count }

  // MARK: Writing

  mutating func insert() throws(RequestError) {
    let slot = UInt32(slotCount)
    ids.append(newID())
    payloads.append(generator.payload())
    alive.append(true)
    vectors.append(Self.vectorNames.map { _ in generator.random.chance(60) })
    try indexes.put(slot, payload: payloads[Int(slot)])
  }

  /// An id that no living point has; some are those of dead ones.
  private mutating func newID() -> PointID {
    if let dead = alive.indices.randomElement(using: &generator.random), !alive[dead],
      !ids.indices.contains(where: { alive[$0] && ids[$0] == ids[dead] })
    {
      return ids[dead]
    }
    let number = UInt64(slotCount)
    return generator.random.chance(50)
      ? .number(number) : .uuid(UUID128(high: generator.random.next(), low: number))
  }

  mutating func change() throws(RequestError) {
    let slot = Int.random(in: 0..<slotCount, using: &generator.random)
    guard alive[slot] else { return }
    payloads[slot] = generator.payload()
    try indexes.put(UInt32(slot), payload: payloads[slot])
  }

  mutating func remove() {
    let slot = Int.random(in: 0..<slotCount, using: &generator.random)
    guard alive[slot] else { return }
    alive[slot] = false
    indexes.remove(UInt32(slot))
  }

  mutating func declare() throws(RequestError) {
    let field = PayloadField(path: generator.path().description, type: generator.random.pick(Self.types))
    let payloads = payloads
    try indexes.declare(field) { payloads[Int($0)] }
    fields.removeAll { $0.path == field.path }
    fields.append(field)
  }

  mutating func drop() throws(RequestError) {
    guard let field = fields.randomElement(using: &generator.random) else { return }
    indexes.drop(try PayloadPath(field.path))
    fields.removeAll { $0 == field }
  }

  /// Builds parts as a background task would: from one moment's payloads, with changes in between.
  mutating func build() throws(RequestError) {
    let mark = indexes.mark
    let (builtFields, payloads, alive) = (fields, payloads, alive)
    for _ in 0..<Int.random(in: 0...3, using: &generator.random) { try write() }
    let parts = try Self.parts(builtFields, payloads, alive)
    if generator.random.chance(70) {
      indexes.replace(parts: parts, discardingRowsBefore: mark)
    } else if let part = parts.randomElement(using: &generator.random) {
      indexes.attach(part)
    }
  }

  static func parts(
    _ fields: [PayloadField], _ payloads: [[UInt8]], _ alive: [Bool]
  ) throws(RequestError) -> [PayloadIndexPart] {
    var builder = try PayloadIndexBuilder(fields)
    for slot in payloads.indices where alive[slot] {
      try builder.add(slot: UInt32(slot), payload: payloads[slot])
    }
    var reopened: [PayloadIndexPart] = []
    for (part, field) in zip(builder.finish(slotCount: payloads.count), fields) {
      let sections = part.sections()
      reopened.append(
        try PayloadIndexPart(field: field) { name in sections.first { $0.name == name }?.content })
    }
    return reopened
  }

  mutating func write() throws(RequestError) {
    switch Int.random(in: 0..<10, using: &generator.random) {
    case 0...4: try insert()
    case 5...7: try change()
    default: remove()
    }
  }

  mutating func step() throws(RequestError) {
    switch Int.random(in: 0..<40, using: &generator.random) {
    case 0...1: try declare()
    case 2: try drop()
    case 3: try build()
    default: try write()
    }
  }

  // MARK: Asking

  var context: FilterContext {
    let (payloads, ids, alive, vectors) = (payloads, ids, alive, vectors)
    func slots(_ isIn: (Int) -> Bool) -> Bitset {
      var words = SlotWords(count: payloads.count)
      for slot in payloads.indices where isIn(slot) { words.insert(UInt32(slot)) }
      return words.bitset()
    }
    let slotsByName = Self.vectorNames.indices.map { index in slots { vectors[$0][index] } }
    return FilterContext(
      alive: slots { alive[$0] }, id: { ids[Int($0)] },
      slot: { id in ids.indices.first { ids[$0] == id && alive[$0] }.map { UInt32($0) } },
      vectors: { name in Self.vectorNames.firstIndex(of: name).map { slotsByName[$0] } },
      payload: { payloads[Int($0)] })
  }

  func vectorNames(of slot: Int) -> Set<String> {
    Set(Self.vectorNames.indices.filter { vectors[slot][$0] }.map { Self.vectorNames[$0] })
  }

  func tree(_ slot: Int) throws(RequestError) -> JSONValue {
    payloads[slot].isEmpty ? .object([]) : try JSONValue(parsing: payloads[slot])
  }
}
