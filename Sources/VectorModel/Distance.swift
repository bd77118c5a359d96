/// How far apart two vectors are; the collection's choice for each named vector.
///
/// The raw value is the type's tag in records and part files and never changes its meaning.
package enum Distance: UInt8, Sendable, CaseIterable {
  /// Inner product of vectors normalised to unit length before they are logged; larger is nearer.
  case cosine = 1
  /// Inner product; larger is nearer.
  case dot = 2
  /// Square root of the sum of squared differences; smaller is nearer.
  case euclid = 3
  /// Sum of absolute differences; smaller is nearer.
  case manhattan = 4
  /// Number of different elements of two vectors of bits; smaller is nearer.
  case hamming = 5
  /// 1 − |a ∧ b| / |a ∨ b| of two vectors of bits, 0 where both are empty; smaller is nearer.
  case jaccard = 6

  /// Whether vectors are bits, rather than numbers.
  package var comparesBits: Bool { self == .hamming || self == .jaccard }

  /// Whether a larger score is nearer.
  package var largerIsNearer: Bool { self == .cosine || self == .dot }
}
