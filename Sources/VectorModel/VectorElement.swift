/// What the numbers of a dense vector are kept as: in the log, in the store, in parts, and on the wire.
///
/// The raw value is the tag before the vector and never changes its meaning.
package enum VectorElement: UInt8, Hashable, Sendable, CaseIterable {
  /// Four bytes, IEEE 754 binary32.
  case float32 = 1
  /// Two bytes, IEEE 754 binary16, little-endian.
  case float16 = 2
  /// A byte, 0 … 255.
  case uint8 = 3
  /// A bit, 0 or 1: number i is bit i mod 8 of byte i / 8, and the bits behind the last are zero.
  case bit = 4

  /// The bytes of a vector of `dimension` numbers.
  package func byteCount(dimension: Int) -> Int {
    switch self {
    case .float32: 4 * dimension
    case .float16: 2 * dimension
    case .uint8: dimension
    case .bit: (dimension + 7) / 8
    }
  }

  /// The least magnitude that a half cannot be rounded to any more.
  package static let halfOverflow: Float = 65_520
}

/// A dense vector whose numbers are kept in fewer than four bytes.
package struct PackedVector: Hashable, Sendable {
  package let element: VectorElement
  package let dimension: Int
  /// `element.byteCount(dimension:)` bytes.
  package let bytes: [UInt8]

  /// - Precondition: the bytes are as many as the element needs, and those of bits end with zeros.
  package init(element: VectorElement, dimension: Int, bytes: [UInt8]) {
    precondition(bytes.count == element.byteCount(dimension: dimension))
    self.element = element
    self.dimension = dimension
    self.bytes = bytes
  }

  /// Packs numbers; one that does not fit the element becomes the nearest that does.
  package init(_ values: [Float], as element: VectorElement) {
    self.init(element: element, dimension: values.count, bytes: element.bytes(of: values))
  }

  /// `[dimension]` numbers, exact.
  package var values: [Float] { element.values(of: bytes, count: dimension) }
}

extension VectorValue {
  /// A dense vector whose numbers are kept as `element`; see `PackedVector`.
  package static func dense(_ values: [Float], as element: VectorElement) -> VectorValue {
    element == .float32 ? .dense(values) : .packed(PackedVector(values, as: element))
  }

  /// The numbers of a dense vector, whatever they are kept as; nil for others.
  package var denseValues: [Float]? {
    switch self {
    case .dense(let values): values
    case .packed(let vector): vector.values
    case .sparse, .multi: nil
    }
  }

  /// What a dense vector's numbers are kept as, and how many there are; nil for others.
  package var denseShape: (element: VectorElement, dimension: Int)? {
    switch self {
    case .dense(let values): (.float32, values.count)
    case .packed(let vector): (vector.element, vector.dimension)
    case .sparse, .multi: nil
    }
  }
}
