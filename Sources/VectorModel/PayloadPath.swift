/// Where a value stands inside a payload: `key(.key | [n] | [])*`.
///
/// A raw key consists of letters, digits, `_` and `-`; anything else is written in double quotes.
package struct PayloadPath: Hashable, Sendable {
  package enum Segment: Sendable {
    /// Two keys are the same when their bytes are.
    case key(String)
    /// One element of an array, counted from zero.
    case index(Int)
    /// Every element of an array.
    case all
  }

  /// The path's longest text, in bytes.
  package static let bytesMax = 1024

  /// At least one segment; the first is a key.
  package let segments: [Segment]

  /// Reads the textual form.
  /// - Throws: `badRequest` naming the text and the offset of what does not fit.
  package init(_ text: String) throws(RequestError) {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.bytesMax else {
      throw .badRequest("payload path of \(bytes.count) bytes, limit \(Self.bytesMax)")
    }
    var segments: [Segment] = []
    var position = 0
    while position < bytes.count || segments.isEmpty {
      if !segments.isEmpty {
        guard bytes[position] == UInt8(ascii: ".") else { throw Self.malformed(text, position) }
        position += 1
      }
      segments.append(.key(try Self.key(text, bytes, &position)))
      while position < bytes.count, bytes[position] == UInt8(ascii: "[") {
        segments.append(try Self.bracket(text, bytes, &position))
      }
    }
    self.segments = segments
  }

  private init(segments: [Segment]) { self.segments = segments }

  /// The path of one top-level key, whatever characters it has.
  package static func topLevel(_ key: String) -> PayloadPath { PayloadPath(segments: [.key(key)]) }

  /// The path of each element of the array at this one; `a` and `a[]` mean the same, as in a `nested` condition.
  package func ofElements() -> PayloadPath {
    segments.last == .all ? self : PayloadPath(segments: segments + [.all])
  }

  /// This path continued by `other`, as inside a `nested` condition.
  package func appending(_ other: PayloadPath) -> PayloadPath {
    PayloadPath(segments: segments + other.segments)
  }

  private static func key(
    _ text: String, _ bytes: [UInt8], _ position: inout Int
  ) throws(RequestError) -> String {
    guard position < bytes.count else { throw malformed(text, position) }
    if bytes[position] == UInt8(ascii: "\"") {
      guard let end = bytes[(position + 1)...].firstIndex(of: UInt8(ascii: "\"")), end > position + 1 else {
        throw malformed(text, position)
      }
      defer { position = end + 1 }
      return String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
    }
    let start = position
    while position < bytes.count, isRaw(bytes[position]) { position += 1 }
    guard position > start else { throw malformed(text, position) }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  /// Letters of any script are allowed in a raw key, so every byte beyond ASCII is.
  private static func isRaw(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), 0x80...:
      true
    default: false
    }
  }

  private static func bracket(
    _ text: String, _ bytes: [UInt8], _ position: inout Int
  ) throws(RequestError) -> Segment {
    guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "]")) else {
      throw malformed(text, position)
    }
    let digits = bytes[(position + 1)..<end]
    let start = position
    position = end + 1
    if digits.isEmpty { return .all }
    guard digits.allSatisfy({ (48...57).contains($0) }),
      let index = Int(String(decoding: digits, as: UTF8.self))
    else { throw malformed(text, start) }
    return .index(index)
  }

  private static func malformed(_ text: String, _ offset: Int) -> RequestError {
    .badRequest("Invalid payload path: \"\(text)\" at offset \(offset)")
  }
}

extension PayloadPath.Segment: Hashable {
  package static func == (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.key(let left), .key(let right)): left.hasSameBytes(as: right)
    case (.index(let left), .index(let right)): left == right
    case (.all, .all): true
    default: false
    }
  }

  package func hash(into hasher: inout Hasher) {
    switch self {
    case .key(let key): hasher.combine(ExactString(key))
    case .index(let index): hasher.combine(index)
    case .all: hasher.combine(-1)
    }
  }
}

extension PayloadPath: CustomStringConvertible {
  package var description: String {
    var text = ""
    for segment in segments {
      switch segment {
      case .key(let key):
        if !text.isEmpty { text += "." }
        text += key.utf8.allSatisfy(Self.isRaw) && !key.isEmpty ? key : "\"\(key)\""
      case .index(let index): text += "[\(index)]"
      case .all: text += "[]"
      }
    }
    return text
  }
}
