import VectorModel

/// The table of contents of a safetensors file: 8 bytes little-endian length, then JSON with each tensor's type,
/// shape and place behind the JSON.
package struct SafetensorsHeader: Sendable {
  package struct Tensor: Sendable, Equatable {
    /// `F32`, `F16`, …
    package var type: String
    package var shape: [Int]
    /// In bytes from the start of the file.
    package var range: Range<UInt64>
  }

  package var tensors: [String: Tensor] = [:]
  /// Where the last tensor ends, in bytes from the start of the file.
  package var end: UInt64 = 0

  /// A larger header is refused.
  package static let headerBytesMax = 16 << 20

  /// How many bytes the file's first eight say that the header has, those eight included.
  ///
  /// - Throws: for fewer than eight bytes and for more than the limit.
  package static func headerByteCount(start: [UInt8]) throws(StageError) -> Int {
    guard start.count >= 8 else {
      throw StageError(.text, "safetensors: \(start.count) bytes hold no header")
    }
    let length = (0..<8).reduce(0 as UInt64) { $0 | UInt64(start[$1]) << UInt64(8 * $1) }
    guard length <= UInt64(headerBytesMax) else {
      throw StageError(.text, "safetensors: the header's length \(length) is over \(headerBytesMax)")
    }
    return Int(length) + 8
  }

  /// Reads the header, which begins with its length.
  ///
  /// - Throws: for anything that does not fit; no bytes make it trap.
  package init(_ bytes: [UInt8]) throws(StageError) {
    let start = try Self.headerByteCount(start: bytes)
    guard bytes.count >= start else {
      throw StageError(.text, "safetensors: \(bytes.count) bytes of a header of \(start)")
    }
    let json: JSONValue
    do {
      json = try JSONValue(parsing: Array(bytes[8..<start]))
    } catch {
      throw StageError(.text, "safetensors: \(error.message)")
    }
    guard case .object(let members) = json else {
      throw StageError(.text, "safetensors: the header is no object")
    }
    for member in members where member.key != "__metadata__" {
      tensors[member.key] = try Self.tensor(member, dataStart: UInt64(start))
    }
    end = tensors.values.map(\.range.upperBound).max() ?? UInt64(start)
  }

  private static func tensor(
    _ member: JSONValue.Member, dataStart: UInt64
  ) throws(StageError) -> Tensor {
    guard case .string(let type)? = member.value["dtype"], let shape = member.value["shape"]?.naturals,
      let offsets = member.value["data_offsets"]?.naturals, offsets.count == 2, offsets[0] <= offsets[1],
      UInt64(offsets[1]) <= UInt64.max / 2
    else {
      throw StageError(.text, "safetensors: tensor \(member.key) has no type, shape or place")
    }
    let range = (dataStart + UInt64(offsets[0]))..<(dataStart + UInt64(offsets[1]))
    return Tensor(type: type, shape: shape, range: range)
  }

  /// The place of a float32 tensor of this shape.
  ///
  /// - Throws: an error naming the tensor and what it is instead.
  package func offset(of name: String, shape: [Int]) throws(StageError) -> UInt64 {
    guard let tensor = tensors[name] else { throw StageError(.text, "safetensors: no tensor \(name)") }
    let count = shape.reduce(1, *)
    guard tensor.type == "F32", tensor.shape == shape, tensor.range.count == count * 4,
      tensor.range.lowerBound % 4 == 0
    else {
      throw StageError(
        .text, "safetensors: \(name) is \(tensor.type) \(tensor.shape), expected F32 \(shape)")
    }
    return tensor.range.lowerBound
  }
}

extension JSONValue {
  /// An array of integers from 0 up; nil for anything else.
  var naturals: [Int]? {
    guard case .array(let values) = self else { return nil }
    var naturals: [Int] = []
    for value in values {
      guard case .integer(let number) = value, number >= 0, let natural = Int(exactly: number) else {
        return nil
      }
      naturals.append(natural)
    }
    return naturals
  }

  var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  var double: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .unsigned(let number): Double(number)
    case .double(let number): number
    default: nil
    }
  }

  var elements: [JSONValue]? {
    if case .array(let values) = self { values } else { nil }
  }
}
