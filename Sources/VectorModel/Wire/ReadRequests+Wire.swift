// Reads of points by id and by filter.

extension RetrieveRequest {
  func write(to writer: inout ByteWriter) {
    writer.count(ids.count)
    PointColumns.writeIDs(ids, to: &writer)
    withPayload.write(to: &writer)
    withVector.write(to: &writer)
  }

  init(from reader: inout ByteReader) throws(RequestError) {
    self.init(ids: try reader.ids())
    withPayload = try PayloadSelection(from: &reader)
    withVector = try VectorSelection(from: &reader)
  }
}

extension ScrollRequest {
  func write(to writer: inout ByteWriter) {
    writer.count(limit)
    writer.optional(offset) { $0.id($1) }
    writer.filter(filter)
    writer.optional(orderBy) { $1.write(to: &$0) }
    withPayload.write(to: &writer)
    withVector.write(to: &writer)
    writer.optional(timeoutMilliseconds) { $0.count($1) }
  }

  init(from reader: inout ByteReader) throws(RequestError) {
    self.init()
    limit = try reader.number("limit", in: 1...QueryRequest.limitMax)
    offset = try reader.optional { (reader) throws(RequestError) in try reader.id() }
    filter = try reader.filter()
    orderBy = try reader.optional { (reader) throws(RequestError) in try OrderBy(from: &reader) }
    withPayload = try PayloadSelection(from: &reader)
    withVector = try VectorSelection(from: &reader)
    timeoutMilliseconds = try reader.optional { (reader) throws(RequestError) in
      try reader.timeoutMilliseconds()
    }
  }
}

extension CountRequest {
  func write(to writer: inout ByteWriter) {
    writer.filter(filter)
    writer.bool(isExact)
    writer.optional(timeoutMilliseconds) { $0.count($1) }
  }

  init(from reader: inout ByteReader) throws(RequestError) {
    self.init()
    filter = try reader.filter()
    isExact = try reader.bool()
    timeoutMilliseconds = try reader.optional { (reader) throws(RequestError) in
      try reader.timeoutMilliseconds()
    }
  }
}

extension FacetRequest {
  func write(to writer: inout ByteWriter) {
    writer.text(key.description)
    writer.count(limit)
    writer.filter(filter)
    writer.bool(isExact)
  }

  init(from reader: inout ByteReader) throws(RequestError) {
    self.init(key: try reader.path())
    limit = try reader.number("limit", in: 1...QueryRequest.limitMax)
    filter = try reader.filter()
    isExact = try reader.bool()
  }
}

extension PayloadSelection {
  func write(to writer: inout ByteWriter) {
    switch self {
    case .none: writer.byte(0)
    case .all: writer.byte(1)
    case .include(let paths):
      writer.byte(2)
      writer.list(paths) { $0.text($1.description) }
    case .exclude(let paths):
      writer.byte(3)
      writer.list(paths) { $0.text($1.description) }
    }
  }

  init(from reader: inout ByteReader) throws(RequestError) {
    switch try reader.byte() {
    case 0: self = .none
    case 1: self = .all
    case 2: self = .include(try reader.paths("with_payload.include"))
    case 3: self = .exclude(try reader.paths("with_payload.exclude"))
    case let tag: throw reader.malformed("selection of payload \(tag)")
    }
  }
}

extension VectorSelection {
  func write(to writer: inout ByteWriter) {
    switch self {
    case .none: writer.byte(0)
    case .all: writer.byte(1)
    case .named(let names):
      writer.byte(2)
      writer.list(names) { $0.text($1) }
    }
  }

  init(from reader: inout ByteReader) throws(RequestError) {
    switch try reader.byte() {
    case 0: self = .none
    case 1: self = .all
    case 2: self = .named(try reader.names("with_vector"))
    case let tag: throw reader.malformed("selection of vectors \(tag)")
    }
  }
}
