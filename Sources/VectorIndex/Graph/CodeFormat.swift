import CKernels

/// How the codes of a part are laid out.
struct CodeFormat: Sendable, Equatable {
  /// Bits of an element: 8, 4 or 1.
  var bits: Int
  /// Whether each row has a scale and an exact part of its own. Without, all rows share one scale, and only inner
  /// products can be computed.
  var hasTails: Bool

  /// A byte an element, the most exact.
  static let bytes = CodeFormat(bits: 8, hasTails: true)
  /// A nibble an element and a scale of its own for each row.
  static let nibbles = CodeFormat(bits: 4, hasTails: true)
  /// A nibble an element and one scale: rows of equal length and like directions.
  static let uniformNibbles = CodeFormat(bits: 4, hasTails: false)

  /// The sign of an element, and a scale of its own for each row.
  static let bits = CodeFormat(bits: 1, hasTails: true)

  /// Bytes of a row's codes.
  func codeByteCount(dimension: Int) -> Int { (dimension * bits + 7) / 8 }

  /// Blocks of 64 bytes that a kernel reads of a row; blocks of the query for rows of bits.
  func blocks(dimension: Int) -> Int {
    ((bits == 1 ? dimension : codeByteCount(dimension: dimension)) + 63) / 64
  }

  /// Candidates by code that are rescored where nobody says how many, as a multiple of those wanted.
  var oversampling: Float { bits == 1 ? 8 : 2 }

  /// What the sum of a query's codes is multiplied by in `nt_code_query.offset`.
  var offsetFactor: Int32 { bits == 8 ? 128 : bits == 4 ? 15 : 1 }

  /// Bytes from row to row, a multiple of 64: the codes, and the tail at the very end.
  func stride(dimension: Int) -> Int {
    let tail = hasTails ? MemoryLayout<nt_code_tail>.size : 0
    return (codeByteCount(dimension: dimension) + tail + 63) / 64 * 64
  }

  /// Where the code of an element is among a query's codes.
  func queryPosition(of element: Int, dimension: Int) -> Int {
    if bits != 4 { return element }
    let half = codeByteCount(dimension: dimension)
    return element < half ? element : blocks(dimension: dimension) * 64 + element - half
  }

  /// Bytes of a query's codes.
  func queryByteCount(dimension: Int) -> Int { blocks(dimension: dimension) * 64 * (bits == 4 ? 2 : 1) }
}
