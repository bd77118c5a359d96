/// Points as columns: all ids, then all payloads, then all vectors, so that a client can hand over and take whole
/// arrays. The form of every list of points in frames.
///
///     count
///     ids       u8 kind: 0 = pad, [count] u64 · 1 = pad, [count × 16] UUIDs · 2 = [count] ids of records
///     payloads  u8 kind: 0 = none · 1 = pad, [count] u32 lengths (0xFFFFFFFF: absent), then the bytes
///     vectors   u8 kind: 0 = none · 1 = one shape for all: a count of names; each name, type tag, dimension, pad,
///                        [count × dimension] numbers of the tag's element · 2 = [count] of u8 0, or u8 1 and the vectors of records
///
/// *pad* is zeros up to a multiple of eight from the start of the body.
package struct PointColumns: Equatable, Sendable {
  package var ids: [PointID]
  /// As many as ids, or none at all; an element is nil where the point shows none.
  package var payloads: [[UInt8]?]
  /// As many as ids, or none at all; an element is nil where the point shows none.
  package var vectors: [NamedVectors?]

  package init(ids: [PointID], payloads: [[UInt8]?] = [], vectors: [NamedVectors?] = []) {
    precondition(payloads.isEmpty || payloads.count == ids.count)
    precondition(vectors.isEmpty || vectors.count == ids.count)
    self.ids = ids
    self.payloads = payloads
    self.vectors = vectors
  }

  private enum IDKind: UInt8 { case numbers = 0, uuids, mixed }
  private enum PayloadKind: UInt8 { case none = 0, each }
  private enum VectorKind: UInt8 { case none = 0, uniform, each }

  private static let absentPayload = UInt32.max
}

// MARK: - Writing

extension PointColumns {
  package func write(to writer: inout ByteWriter) {
    writer.count(ids.count)
    Self.writeIDs(ids, to: &writer)
    writePayloads(to: &writer)
    writeVectors(to: &writer)
  }

  /// Writes the ids behind their count.
  static func writeIDs(_ ids: [PointID], to writer: inout ByteWriter) {
    switch kind(of: ids) {
    case .numbers:
      writer.byte(IDKind.numbers.rawValue)
      writer.align()
      for case .number(let number) in ids { writer.fixed64(number) }
    case .uuids:
      writer.byte(IDKind.uuids.rawValue)
      writer.align()
      for case .uuid(let uuid) in ids { writer.uuid(uuid) }
    case .mixed:
      writer.byte(IDKind.mixed.rawValue)
      for id in ids { writer.id(id) }
    }
  }

  private static func kind(of ids: [PointID]) -> IDKind {
    var uuidCount = 0
    for case .uuid in ids { uuidCount += 1 }
    return uuidCount == 0 ? .numbers : uuidCount == ids.count ? .uuids : .mixed
  }

  private func writePayloads(to writer: inout ByteWriter) {
    guard payloads.contains(where: { $0 != nil }) else { return writer.byte(PayloadKind.none.rawValue) }
    writer.byte(PayloadKind.each.rawValue)
    writer.align()
    for payload in payloads { writer.fixed32(payload.map { UInt32($0.count) } ?? Self.absentPayload) }
    for case .some(let payload) in payloads { writer.raw(payload) }
  }

  private func writeVectors(to writer: inout ByteWriter) {
    guard vectors.contains(where: { $0 != nil }) else { return writer.byte(VectorKind.none.rawValue) }
    if let shape = commonShape {
      writer.byte(VectorKind.uniform.rawValue)
      writer.count(shape.count)
      for (index, part) in shape.enumerated() {
        writer.text(part.name)
        writer.byte(part.element.rawValue)
        writer.count(part.dimension)
        writer.align()
        for case .some(let vector) in vectors {
          switch vector.entries[index].value {
          case .dense(let values): writer.floats(values)
          case .packed(let packed): writer.raw(packed.bytes)
          case .sparse, .multi: preconditionFailure("a column is of dense vectors")
          }
        }
      }
    } else {
      writer.byte(VectorKind.each.rawValue)
      for vector in vectors { writer.optional(vector) { $0.vectors($1) } }
    }
  }

  /// The names, elements and dimensions that every point has in this order; nil where they differ or are not all dense.
  private var commonShape: [(name: String, element: VectorElement, dimension: Int)]? {
    guard let first = vectors.first ?? nil, !first.entries.isEmpty else { return nil }
    var shape: [(name: String, element: VectorElement, dimension: Int)] = []
    for entry in first.entries {
      guard let (element, dimension) = entry.value.denseShape, dimension > 0 else { return nil }
      shape.append((entry.name, element, dimension))
    }
    for vector in vectors {
      guard let vector, vector.entries.count == shape.count else { return nil }
      for (entry, part) in zip(vector.entries, shape) {
        guard let (element, dimension) = entry.value.denseShape, element == part.element,
          dimension == part.dimension, entry.name.utf8.elementsEqual(part.name.utf8)
        else { return nil }
      }
    }
    return shape
  }
}

// MARK: - Reading

extension PointColumns {
  /// - Throws: also where there are more than `countMax` points, or a vector that no point can have.
  /// - Complexity: O(bytes); memory in proportion to them.
  package init(from reader: inout ByteReader, atMost countMax: Int) throws(RequestError) {
    let size = try reader.count(bytesEach: 8)
    try ByteReader.checkCount("points", size, atMost: countMax)
    ids = try Self.readIDs(size, from: &reader)
    payloads = try Self.readPayloads(size, from: &reader)
    vectors = try Self.readVectors(size, from: &reader)
  }

  /// Reads as many ids behind their count.
  static func readIDs(_ size: Int, from reader: inout ByteReader) throws(RequestError) -> [PointID] {
    let tag = try reader.byte()
    guard let kind = IDKind(rawValue: tag) else { throw reader.malformed("ids of kind \(tag)") }
    if kind != .mixed { try reader.align() }
    try reader.need(size, bytesEach: kind == .uuids ? 16 : 8)
    var ids: [PointID] = []
    ids.reserveCapacity(size)
    for _ in 0..<size {
      switch kind {
      case .numbers: ids.append(.number(try reader.fixed64()))
      case .uuids: ids.append(.uuid(try reader.uuid()))
      case .mixed: ids.append(try reader.id())
      }
    }
    return ids
  }

  private static func readPayloads(
    _ size: Int, from reader: inout ByteReader
  ) throws(RequestError) -> [[UInt8]?] {
    let tag = try reader.byte()
    guard let kind = PayloadKind(rawValue: tag) else { throw reader.malformed("payloads of kind \(tag)") }
    guard kind == .each else { return [] }
    try reader.align()
    try reader.need(size, bytesEach: 4)
    let lengths = try reader.words(size)
    var payloads: [[UInt8]?] = []
    payloads.reserveCapacity(size)
    for length in lengths { payloads.append(length == absentPayload ? nil : try reader.raw(Int(length))) }
    return payloads
  }

  private static func readVectors(
    _ size: Int, from reader: inout ByteReader
  ) throws(RequestError) -> [NamedVectors?] {
    let tag = try reader.byte()
    guard let kind = VectorKind(rawValue: tag) else { throw reader.malformed("vectors of kind \(tag)") }
    switch kind {
    case .none: return []
    case .uniform: return try readUniform(size, from: &reader)
    case .each:
      try reader.need(size, bytesEach: 1)
      var vectors: [NamedVectors?] = []
      vectors.reserveCapacity(size)
      for _ in 0..<size {
        vectors.append(
          try reader.optional { (reader) throws(RequestError) in try NamedVectors(wire: &reader) })
      }
      return vectors
    }
  }

  private static func readUniform(
    _ size: Int, from reader: inout ByteReader
  ) throws(RequestError) -> [NamedVectors?] {
    let nameCount = try reader.number("vectors", in: 1...CollectionConfiguration.vectorsMax)
    var vectors: [NamedVectors?] = []
    for index in 0..<nameCount {
      let name = try reader.text()
      let tag = try reader.byte()
      guard let element = VectorElement(rawValue: tag) else {
        throw reader.malformed("vector of type \(tag)")
      }
      let dimension = try reader.number("dimension", in: 1...CollectionConfiguration.dimensionMax)
      try reader.align()
      try reader.need(size, bytesEach: element.byteCount(dimension: dimension))
      if index == 0 {
        vectors.reserveCapacity(size)
        for _ in 0..<size {
          vectors.append(NamedVectors([.init(name: name, value: try reader.dense(element, dimension))]))
        }
        continue
      }
      for row in 0..<size {
        let value = try reader.dense(element, dimension)
        vectors[row]?.entries.append(.init(name: name, value: value))
      }
    }
    if let first = vectors.first ?? nil { try first.checkNames() }
    return vectors
  }
}

extension ByteReader {
  /// The numbers of one row of a column.
  fileprivate mutating func dense(
    _ element: VectorElement, _ dimension: Int
  ) throws(RequestError) -> VectorValue {
    element == .float32
      ? .dense(try floats(dimension)) : .packed(try packed(element, dimension: dimension))
  }

  /// Refuses a number of things that the rest has no room for, before anything is allocated for them.
  func need(_ size: Int, bytesEach: Int) throws(RequestError) {
    guard size <= remaining / bytesEach else {
      throw malformed("\(size) elements of \(bytesEach) bytes beyond the remaining \(remaining) bytes")
    }
  }
}

extension NamedVectors {
  /// Reads a point's vectors as records have them, and checks what the reader of records takes for granted.
  init(wire reader: inout ByteReader) throws(RequestError) {
    self = try reader.vectors()
    try ByteReader.checkCount("vectors", entries.count, atMost: CollectionConfiguration.vectorsMax)
    try checkNames()
    for entry in entries { try entry.value.checkShape() }
  }

  /// - Throws: `validation` where two vectors have the same name.
  fileprivate func checkNames() throws(RequestError) {
    guard entries.count > 1 else { return }
    var names: Set<[UInt8]> = []
    for entry in entries where !names.insert(Array(entry.name.utf8)).inserted {
      throw .outOfBounds("vectors", "`\(JSONReader.excerpt(entry.name))`", "named once")
    }
  }
}

extension VectorValue {
  /// - Throws: `validation` where indices are not ascending, or a multivector has no rows.
  func checkShape() throws(RequestError) {
    switch self {
    case .dense, .packed: break
    case .sparse(let indices, _):
      guard zip(indices, indices.dropFirst()).allSatisfy(<) else {
        throw .outOfBounds("indices", indices.count, "ascending and distinct")
      }
    case .multi(_, let values):
      guard !values.isEmpty else { throw .outOfBounds("multivector", 0, "at least one row") }
    }
  }
}
