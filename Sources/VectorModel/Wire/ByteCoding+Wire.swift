// The small forms that requests and answers are made of, beside those of records.

extension ByteWriter {
  package mutating func bool(_ value: Bool) { byte(value ? 1 : 0) }

  package mutating func float32(_ value: Float) { fixed32(value.bitPattern) }

  package mutating func float64(_ value: Double) { fixed64(value.bitPattern) }

  /// One byte that says whether there is a value, and the value.
  package mutating func optional<Value>(_ value: Value?, _ write: (inout ByteWriter, Value) -> Void) {
    bool(value != nil)
    if let value { write(&self, value) }
  }

  /// A count and then the elements.
  package mutating func list<Element>(_ elements: [Element], _ write: (inout ByteWriter, Element) -> Void) {
    count(elements.count)
    for element in elements { write(&self, element) }
  }

  /// A length and then one JSON text.
  package mutating func json(_ write: (inout JSONWriter) -> Void) {
    var writer = JSONWriter()
    write(&writer)
    lengthPrefixed(writer.bytes)
  }

  /// Zeros up to the next multiple of eight from the start of the body.
  package mutating func align() {
    while bytes.count % 8 != 0 { byte(0) }
  }
}

extension ByteReader {
  package mutating func bool() throws(RequestError) -> Bool {
    switch try byte() {
    case 0: return false
    case 1: return true
    case let value: throw malformed("\(value) is neither 0 nor 1")
    }
  }

  /// A finite float32.
  package mutating func float32(_ field: String) throws(RequestError) -> Float {
    let value = Float(bitPattern: try fixed32())
    guard value.isFinite else { throw .outOfBounds(field, value, "a finite number") }
    return value
  }

  /// A finite float64.
  package mutating func float64(_ field: String) throws(RequestError) -> Double {
    let value = Double(bitPattern: try fixed64())
    guard value.isFinite else { throw .outOfBounds(field, value, "a finite number") }
    return value
  }

  package mutating func optional<Value>(
    _ read: (inout ByteReader) throws(RequestError) -> Value
  ) throws(RequestError) -> Value? {
    try bool() ? try read(&self) : nil
  }

  /// A count of at most `countMax` elements of at least `bytesEach` bytes, and the elements.
  package mutating func list<Element>(
    _ field: String, atMost countMax: Int, bytesEach: Int = 1,
    _ read: (inout ByteReader) throws(RequestError) -> Element
  ) throws(RequestError) -> [Element] {
    let size = try count(bytesEach: bytesEach)
    try Self.checkCount(field, size, atMost: countMax)
    var elements: [Element] = []
    elements.reserveCapacity(size)
    for _ in 0..<size { elements.append(try read(&self)) }
    return elements
  }

  static func checkCount(_ field: String, _ count: Int, atMost countMax: Int) throws(RequestError) {
    guard count <= countMax else { throw .outOfBounds(field, count, "at most \(countMax) elements") }
  }

  /// A number that must lie in `bounds`.
  package mutating func number(_ field: String, in bounds: ClosedRange<Int>) throws(RequestError) -> Int {
    let value = try varint()
    guard let number = Int(exactly: value), bounds.contains(number) else {
      throw .outOfBounds(field, value, "from \(bounds.lowerBound) to \(bounds.upperBound)")
    }
    return number
  }

  /// The time that a request may take, in milliseconds.
  package mutating func timeoutMilliseconds() throws(RequestError) -> Int {
    try number("timeout", in: 1...UpdateParameters.timeoutMillisecondsMax)
  }

  /// One JSON text that `read` reads.
  package mutating func json<Value>(
    _ read: (inout JSONReader) throws(RequestError) -> Value
  ) throws(RequestError) -> Value {
    try JSONReader.read(try lengthPrefixed(), read)
  }

  package mutating func path() throws(RequestError) -> PayloadPath { try PayloadPath(try text()) }

  /// The zeros up to the next multiple of eight.
  package mutating func align() throws(RequestError) {
    while offset % 8 != 0 {
      guard try byte() == 0 else { throw malformed("padding is not zero") }
    }
  }

  /// Refuses bytes behind what was to be read.
  package func finish(_ what: String) throws(RequestError) {
    guard isAtEnd else { throw malformed("\(remaining) bytes behind \(what)") }
  }
}

extension RequestError {
  /// Status 422 for a number in a frame that does not fit.
  static func outOfBounds(_ field: String, _ value: some CustomStringConvertible, _ allowed: String)
    -> RequestError
  {
    RequestError(
      .validation, "Validation error in frame: [\(field): value \(value) invalid, must be \(allowed)]")
  }
}

extension UpdateParameters {
  /// A day.
  package static let timeoutMillisecondsMax = 86_400_000
}
