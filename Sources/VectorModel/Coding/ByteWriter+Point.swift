/// How ids, vectors and payloads stand in records and frames.
extension ByteWriter {
  /// One id: `0` and eight little-endian bytes, or `1` and the sixteen bytes of the UUID.
  package mutating func id(_ id: PointID) {
    switch id {
    case .number(let number):
      byte(0)
      fixed64(number)
    case .uuid(let uuid):
      byte(1)
      self.uuid(uuid)
    }
  }

  /// The sixteen bytes in the order of the text.
  package mutating func uuid(_ uuid: UUID128) {
    fixed64(uuid.high.byteSwapped)
    fixed64(uuid.low.byteSwapped)
  }

  /// Ascending, distinct ids: the count of numbers, the first and the differences as LEB128; then the count
  /// of UUIDs and sixteen bytes each.
  package mutating func ascendingIDs(_ ids: [PointID]) {
    let uuidStart = ids.firstIndex { if case .uuid = $0 { true } else { false } } ?? ids.count
    count(uuidStart)
    var previous: UInt64 = 0
    for id in ids[..<uuidStart] {
      guard case .number(let number) = id else { preconditionFailure("ids are not ascending") }
      count(number - previous)
      previous = number
    }
    count(ids.count - uuidStart)
    for id in ids[uuidStart...] {
      guard case .uuid(let uuid) = id else { preconditionFailure("ids are not ascending") }
      self.uuid(uuid)
    }
  }

  /// A count, then for each vector its name and its value.
  package mutating func vectors(_ vectors: NamedVectors) {
    count(vectors.entries.count)
    for entry in vectors.entries {
      text(entry.name)
      vector(entry.value)
    }
  }

  /// A type tag, then counts and raw little-endian numbers.
  package mutating func vector(_ value: VectorValue) {
    switch value {
    case .dense(let values):
      byte(VectorValue.Tag.denseFloat32.rawValue)
      count(values.count)
      floats(values)
    case .packed(let vector):
      byte(vector.element.rawValue)
      count(vector.dimension)
      raw(vector.bytes)
    case .sparse(let indices, let values):
      byte(VectorValue.Tag.sparse.rawValue)
      count(indices.count)
      words(indices)
      floats(values)
    case .multi(let dimension, let values):
      byte(VectorValue.Tag.multi.rawValue)
      count(dimension)
      count(values.count)
      floats(values)
    }
  }

  package mutating func point(_ point: Point) {
    id(point.id)
    vectors(point.vectors)
    lengthPrefixed(point.payload)
  }
}

extension ByteReader {
  package mutating func id() throws(RequestError) -> PointID {
    switch try byte() {
    case 0: return .number(try fixed64())
    case 1: return .uuid(try uuid())
    case let tag: throw malformed("id of type \(tag)")
    }
  }

  package mutating func uuid() throws(RequestError) -> UUID128 {
    let high = try fixed64().byteSwapped
    return UUID128(high: high, low: try fixed64().byteSwapped)
  }

  package mutating func ascendingIDs() throws(RequestError) -> [PointID] {
    let numberCount = try count()
    var ids: [PointID] = []
    ids.reserveCapacity(numberCount)
    var previous: UInt64 = 0
    for index in 0..<numberCount {
      let (number, overflow) = previous.addingReportingOverflow(try varint())
      guard !overflow, index == 0 || number > previous else { throw malformed("ids are not ascending") }
      ids.append(.number(number))
      previous = number
    }
    let uuidCount = try count(bytesEach: 16)
    for index in 0..<uuidCount {
      let id = PointID.uuid(try uuid())
      if index > 0, let last = ids.last, id <= last { throw malformed("ids are not ascending") }
      ids.append(id)
    }
    return ids
  }

  package mutating func vectors() throws(RequestError) -> NamedVectors {
    var entries: [NamedVectors.Entry] = []
    for _ in 0..<(try count(bytesEach: 3)) {
      let name = try text()
      entries.append(NamedVectors.Entry(name: name, value: try vector()))
    }
    return NamedVectors(entries)
  }

  package mutating func vector() throws(RequestError) -> VectorValue {
    let tag = try byte()
    switch VectorValue.Tag(rawValue: tag) {
    case .denseFloat32:
      return .dense(try floats(try count(bytesEach: 4)))
    case .sparse:
      let size = try count(bytesEach: 8)
      let indices = try words(size)
      return .sparse(indices: indices, values: try floats(size))
    case .multi:
      let dimension = try varint()
      let size = try count(bytesEach: 4)
      guard dimension >= 1, dimension <= UInt64(CollectionConfiguration.dimensionMax),
        size % Int(dimension) == 0
      else { throw malformed("multivector of \(size) numbers and dimension \(dimension)") }
      return .multi(dimension: Int(dimension), values: try floats(size))
    case .denseFloat16: return .packed(try packed(.float16, dimension: dimension()))
    case .denseUInt8: return .packed(try packed(.uint8, dimension: dimension()))
    case .denseBit: return .packed(try packed(.bit, dimension: dimension()))
    case nil: throw malformed("vector of type \(tag)")
    }
  }

  private mutating func dimension() throws(RequestError) -> Int {
    let value = try varint()
    guard value <= UInt64(CollectionConfiguration.dimensionMax) else {
      throw malformed("vector of dimension \(value)")
    }
    return Int(value)
  }

  /// The bytes of a vector's numbers, without a count.
  mutating func packed(_ element: VectorElement, dimension: Int) throws(RequestError) -> PackedVector {
    let bytes = try raw(element.byteCount(dimension: dimension))
    if element == .bit, dimension % 8 > 0, let last = bytes.last, last >> UInt8(dimension % 8) != 0 {
      throw malformed("bits behind the \(dimension) of a vector")
    }
    return PackedVector(element: element, dimension: dimension, bytes: bytes)
  }

  package mutating func point() throws(RequestError) -> Point {
    let id = try id()
    let vectors = try vectors()
    return Point(id: id, vectors: vectors, payload: try lengthPrefixed())
  }
}
