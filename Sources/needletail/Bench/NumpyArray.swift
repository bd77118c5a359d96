import VectorModel

/// A two-dimensional array of NumPy's `.npy` format, version 1 to 3: little-endian `f2`, `f4` or `i4`, `u1` or `b1`.
struct NumpyArray: Sendable {
  enum Element: String, Sendable, CaseIterable {
    case float16 = "<f2"
    case float32 = "<f4"
    case int32 = "<i4"
    case uint8 = "|u1"
    case bool = "|b1"

    var byteCount: Int {
      switch self {
      case .float32, .int32: 4
      case .float16: 2
      case .uint8, .bool: 1
      }
    }
  }

  let element: Element
  let rowCount: Int
  let columnCount: Int
  private let bytes: [UInt8]
  private let start: Int

  /// Reads the header and keeps the bytes.
  ///
  /// - Throws: an error naming the file and what does not fit.
  init(_ bytes: [UInt8], name: String) throws(RequestError) {
    let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    guard bytes.count >= 12, bytes.starts(with: magic), (1...3).contains(bytes[6]) else {
      throw .badRequest("\(name) is no .npy file")
    }
    let isShort = bytes[6] == 1
    var length = Int(bytes[8]) | Int(bytes[9]) << 8
    if !isShort { length |= Int(bytes[10]) << 16 | Int(bytes[11]) << 24 }
    start = (isShort ? 10 : 12) + length
    guard start <= bytes.count else { throw .badRequest("\(name) ends within its header") }
    let header = String(decoding: bytes[(isShort ? 10 : 12)..<start], as: UTF8.self)
    guard
      let element = Element.allCases.first(where: { header.contains("'\($0.rawValue)'") }),
      header.contains("'fortran_order': False"), let shape = Self.shape(header)
    else { throw .badRequest("\(name) is no array of rows of f2, f4, i4, u1 or b1: \(header)") }
    guard shape.rows * shape.columns * element.byteCount == bytes.count - start else {
      throw .badRequest("\(name) has \(bytes.count - start) bytes of data, not those of \(shape)")
    }
    self.element = element
    rowCount = shape.rows
    columnCount = shape.columns
    self.bytes = bytes
  }

  /// One row of a float array.
  func floats(_ row: Int) -> [Float] {
    (0..<columnCount).map { column in
      let word = word(row, column)
      return switch element {
      case .float16: Self.float(half: UInt16(truncatingIfNeeded: word))
      case .float32, .int32: Float(bitPattern: word)
      case .uint8, .bool: Float(word)
      }
    }
  }

  /// One row of an integer array.
  func integers(_ row: Int) -> [Int] {
    (0..<columnCount).map { Int(Int32(bitPattern: word(row, $0))) }
  }

  private func word(_ row: Int, _ column: Int) -> UInt32 {
    let offset = start + (row * columnCount + column) * element.byteCount
    return (0..<element.byteCount).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
  }

  private static func shape(_ header: String) -> (rows: Int, columns: Int)? {
    guard let open = header.firstIndex(of: "("), let close = header[open...].firstIndex(of: ")") else {
      return nil
    }
    let numbers = header[open..<close].dropFirst().split(separator: ",")
      .map { Int($0.drop { $0 == " " }) }
    guard numbers.count == 2, let rows = numbers[0], let columns = numbers[1], rows >= 0,
      columns > 0 || rows == 0 && columns == 0,
      rows < 1 << 40, columns < 1 << 20
    else { return nil }
    return (rows, columns)
  }

  /// IEEE 754 half precision.
  private static func float(half: UInt16) -> Float {
    let sign = UInt32(half >> 15) << 31
    let exponent = UInt32(half >> 10) & 31
    let fraction = UInt32(half) & 1023
    switch exponent {
    case 0:
      let magnitude = Float(fraction) * 0x1p-24
      return sign == 0 ? magnitude : -magnitude
    case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}
