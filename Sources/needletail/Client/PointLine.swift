import VectorModel

/// A point as a line of JSON. Its values stay the text that they came as, so that no number is rounded.
struct PointLine {
  private var id: [UInt8]?
  private var payload: [UInt8]?
  private var vector: [UInt8]?

  /// Reads one point, as pages of points and lines of exports have it.
  init(_ reader: inout JSONReader) throws(RequestError) {
    try reader.openObject()
    while let key = try reader.nextKey() {
      switch key {
      case "id": id = try reader.readRaw()
      case "payload": payload = try reader.readRaw()
      case "vector": vector = try reader.readRaw()
      default: try reader.skipValue()
      }
    }
  }

  /// Takes the vector of a name out; the empty name means the only one.
  /// - Throws: where there is no dense vector of that name.
  mutating func takeVector(_ name: String) throws(RequestError) -> [Float] {
    let value = try vector.map { (text) throws(RequestError) in try JSONValue(parsing: text) }
    guard case .array(let numbers)? = name.isEmpty ? value : value?[name] else {
      throw .badRequest(
        "point \(String(decoding: id ?? [], as: UTF8.self)) has no dense vector \"\(name)\" for --npy")
    }
    vector = Self.encoded(name.isEmpty ? [] : Self.others(value, name))
    return numbers.map { Float($0.text) ?? .nan }
  }

  /// Puts a vector in; the other named ones stay.
  mutating func putVector(_ values: [Float], _ name: String) throws(RequestError) {
    var writer = JSONWriter()
    writer.numbers(values)
    let new = try JSONValue(parsing: writer.bytes)
    if name.isEmpty {
      vector = writer.bytes
    } else {
      let old = try vector.map { (text) throws(RequestError) in try JSONValue(parsing: text) }
      vector = Self.encoded(Self.others(old, name) + [JSONValue.Member(key: name, value: new)])
    }
  }

  private static func others(_ value: JSONValue?, _ name: String) -> [JSONValue.Member] {
    guard case .object(let members)? = value else { return [] }
    return members.filter { $0.key != name }
  }

  private static func encoded(_ members: [JSONValue.Member]) -> [UInt8]? {
    members.isEmpty ? nil : Array(JSONValue.object(members).text.utf8)
  }

  /// The point on one line, without its end. A line's end within a value is white space.
  var bytes: [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      for (key, text) in [("id", id), ("payload", payload), ("vector", vector)] {
        guard let text else { continue }
        writer.key(key)
        writer.raw(text.map { $0 == 10 || $0 == 13 ? 0x20 : $0 })
      }
    }
    return writer.bytes
  }
}

/// One answer of a scroll.
struct PointPage {
  private(set) var points: [PointLine] = []
  /// Where the next one begins; nil at the end.
  private(set) var next: JSONValue?

  init(_ bytes: [UInt8]) throws(RequestError) {
    self = try JSONReader.read(bytes, depthMax: JSONReader.depthMaxDefault + 8) {
      (reader) throws(RequestError) in
      var page = PointPage()
      try reader.openObject()
      while let key = try reader.nextKey() {
        if key == "result" { try page.readResult(&reader) } else { try reader.skipValue() }
      }
      return page
    }
  }

  private init() {}

  private mutating func readResult(_ reader: inout JSONReader) throws(RequestError) {
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "points": points = try reader.readList { (reader) throws(RequestError) in try PointLine(&reader) }
      case "next_page_offset": next = try reader.readValue()
      default: try reader.skipValue()
      }
    }
  }
}
