/// Writes one JSON text into a byte array; commas and colons are its own business.
///
/// The caller writes one value at the top, a key before each value in an object, and nothing else.
package struct JSONWriter: Sendable {
  /// The text so far.
  package private(set) var bytes: [UInt8] = []
  /// Whether a value stands before the place where the next one goes.
  private var needsComma = false

  package init(reservingCapacity capacity: Int = 0) {
    bytes.reserveCapacity(capacity)
  }

  /// Writes an object whose members `body` writes: each a `key` and one value.
  package mutating func object<E>(_ body: (inout JSONWriter) throws(E) -> Void) throws(E) {
    begin(UInt8(ascii: "{"))
    try body(&self)
    end(UInt8(ascii: "}"))
  }

  /// Writes an array whose elements `body` writes.
  package mutating func array<E>(_ body: (inout JSONWriter) throws(E) -> Void) throws(E) {
    begin(UInt8(ascii: "["))
    try body(&self)
    end(UInt8(ascii: "]"))
  }

  /// Writes an array of `elements`, each by `body`.
  package mutating func array<S: Sequence, E>(
    _ elements: S, _ body: (inout JSONWriter, S.Element) throws(E) -> Void
  ) throws(E) {
    begin(UInt8(ascii: "["))
    for element in elements { try body(&self, element) }
    end(UInt8(ascii: "]"))
  }

  /// Writes the key of a member; its value must follow.
  package mutating func key(_ key: String) {
    string(key)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  package mutating func null() { word("null") }

  package mutating func bool(_ value: Bool) { word(value ? "true" : "false") }

  /// Writes `value` in the shortest form that reads back as the same float; null when it is not finite.
  package mutating func number(_ value: Float) {
    word(value.isFinite ? value.description : "null")
  }

  /// Writes `value` in the shortest form that reads back as the same double; null when it is not finite.
  package mutating func number(_ value: Double) {
    word(value.isFinite ? value.description : "null")
  }

  /// Writes an integer of any width up to 64 bits.
  package mutating func integer(_ value: some FixedWidthInteger) {
    word(String(value))
  }

  /// Writes an array of numbers; those that are not finite become null.
  package mutating func numbers(_ values: some Sequence<Float>) {
    array(values) { $0.number($1) }
  }

  /// Writes a string, with the escapes that JSON demands and no others.
  package mutating func string(_ text: String) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    if text.utf8.contains(where: Self.needsEscape) {
      for unit in text.utf8 {
        if Self.needsEscape(unit) { escape(unit) } else { bytes.append(unit) }
      }
    } else {
      bytes.append(contentsOf: text.utf8)
    }
    bytes.append(UInt8(ascii: "\""))
    needsComma = true
  }

  /// Writes bytes that are one complete JSON value.
  package mutating func raw(_ value: some Collection<UInt8>) {
    separate()
    bytes.append(contentsOf: value)
    needsComma = true
  }

  // MARK: Private parts

  @inline(__always) private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }

  private mutating func begin(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    needsComma = false
  }

  private mutating func end(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  @inline(__always) private mutating func word(_ text: String) {
    separate()
    bytes.append(contentsOf: text.utf8)
    needsComma = true
  }

  @inline(__always) private static func needsEscape(_ unit: UInt8) -> Bool {
    unit < 0x20 || unit == UInt8(ascii: "\"") || unit == UInt8(ascii: "\\")
  }

  private mutating func escape(_ unit: UInt8) {
    bytes.append(UInt8(ascii: "\\"))
    switch unit {
    case 0x08: bytes.append(UInt8(ascii: "b"))
    case 0x09: bytes.append(UInt8(ascii: "t"))
    case 0x0A: bytes.append(UInt8(ascii: "n"))
    case 0x0C: bytes.append(UInt8(ascii: "f"))
    case 0x0D: bytes.append(UInt8(ascii: "r"))
    case 0x00..<0x20:
      bytes.append(contentsOf: "u00".utf8)
      bytes.append(UInt8(ascii: "0") + unit >> 4)
      bytes.append(unit & 15 + (unit & 15 < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
    default: bytes.append(unit)
    }
  }
}

extension JSONValue {
  package func write(to writer: inout JSONWriter) {
    switch self {
    case .null: writer.null()
    case .bool(let value): writer.bool(value)
    case .integer(let value): writer.integer(value)
    case .unsigned(let value): writer.integer(value)
    case .double(let value): writer.number(value)
    case .string(let value): writer.string(value)
    case .array(let values): writer.array(values) { $1.write(to: &$0) }
    case .object(let members):
      writer.object { writer in
        for member in members {
          writer.key(member.key)
          member.value.write(to: &writer)
        }
      }
    }
  }
}
