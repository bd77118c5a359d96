import VectorModel

/// What a payload index keeps of a value: a number whose order is the values' order, or a term, byte by byte.
enum IndexedValue: Equatable, Sendable {
  case number(Int64)
  case term([UInt8])

  /// The value as an index of `type` keeps it; nil where the index cannot hold it.
  ///
  /// keyword: a string's UTF-8 · uuid: the 16 bytes of a hyphenated lower-case UUID · bool: one byte ·
  /// integer: integers of 64 signed bits · float: any number as float64 · datetime: microseconds ·
  /// geo: the key of a place's cell.
  init?(_ value: JSONValue, type: PayloadFieldType) {
    switch (type, value) {
    case (.keyword, .string(let text)): self = .term(Array(text.utf8))
    case (.uuid, .string(let text)):
      guard text.utf8.count == 36, let uuid = UUID128(text), uuid.description.hasSameBytes(as: text) else {
        return nil
      }
      self = .term(uuid.bytes)
    case (.bool, .bool(let flag)): self = .term([flag ? 1 : 0])
    case (.integer, .integer(let number)): self = .number(number)
    case (.float, _):
      guard let number = value.numericValue else { return nil }
      self = .number(Self.ordered(number))
    case (.datetime, _):
      guard let instant = value.instant else { return nil }
      self = .number(instant)
    case (.geo, .object):
      guard let point = GeoPoint(value) else { return nil }
      self = .number(GeoKey.key(point))
    default: return nil
    }
  }

  /// A number whose order among others is that of the doubles; the zeros are one.
  static func ordered(_ number: Double) -> Int64 {
    let bits = Int64(bitPattern: (number == 0 ? 0 : number).bitPattern)
    return bits < 0 ? bits ^ .max : bits
  }

  /// The double of `ordered`.
  static func double(ordered key: Int64) -> Double {
    Double(bitPattern: UInt64(bitPattern: key < 0 ? key ^ .max : key))
  }

  /// Whether an index of `type` keeps numbers rather than terms.
  static func isNumeric(_ type: PayloadFieldType) -> Bool {
    switch type {
    case .integer, .float, .datetime, .geo: true
    default: false
    }
  }
}

extension UUID128 {
  /// The sixteen bytes in the order of the text.
  var bytes: [UInt8] {
    (0..<16).map { index in
      UInt8(truncatingIfNeeded: (index < 8 ? high : low) >> UInt64(56 - 8 * (index % 8)))
    }
  }

  /// - Parameter bytes: sixteen
  init(bytes: some Sequence<UInt8>) {
    self.init(high: 0, low: 0)
    for (index, byte) in bytes.enumerated() {
      if index < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
    }
  }
}
