import Glibc
import VectorModel

/// A two-dimensional array of a `.npy` file.
struct NumpyFile {
  let rows: Int
  let columns: Int
  private let type: String
  private let bytes: [UInt8]
  private let start: Int

  init(_ path: String) {
    bytes = readFile(path)
    precondition(bytes.count > 10 && bytes[0] == 0x93, "\(path) is no .npy file")
    let headerBytes = Int(bytes[8]) + Int(bytes[9]) << 8
    start = 10 + headerBytes
    let header = String(decoding: bytes[10..<start], as: UTF8.self)
    let parts = header.split(separator: "'")
    type = String(parts[3])
    let shape = header.split(separator: "(")[1].split(separator: ")")[0].split(separator: ",")
    rows = Int(shape[0].filter(\.isNumber)) ?? 0
    columns = shape.count > 1 ? Int(shape[1].filter(\.isNumber)) ?? 1 : 1
  }

  /// [rows × columns] integers.
  var integers: [Int32] {
    unsafe bytes.withUnsafeBytes { raw in
      (0..<rows * columns).map { unsafe raw.loadUnaligned(fromByteOffset: start + 4 * $0, as: Int32.self) }
    }
  }

  /// [rows × columns] floats, of float16 or float32, each row scaled to unit length if so wished.
  func floats(normalised: Bool) -> [Float] {
    var values = unsafe bytes.withUnsafeBytes { raw -> [Float] in
      (0..<rows * columns).map { index in
        if type.hasSuffix("f4") {
          return unsafe raw.loadUnaligned(fromByteOffset: start + 4 * index, as: Float.self)
        }
        return Float(
          unsafe Float16(bitPattern: raw.loadUnaligned(fromByteOffset: start + 2 * index, as: UInt16.self)))
      }
    }
    if normalised {
      for row in 0..<rows {
        var sum: Float = 0
        for index in row * columns..<(row + 1) * columns { sum += values[index] * values[index] }
        let factor = sum > 0 ? 1 / sum.squareRoot() : 0
        for index in row * columns..<(row + 1) * columns { values[index] *= factor }
      }
    }
    return values
  }
}

func readFile(_ path: String) -> [UInt8] {
  guard let file = unsafe fopen(path, "rb") else { preconditionFailure("cannot read \(path)") }
  defer { unsafe _ = fclose(file) }
  unsafe fseek(file, 0, SEEK_END)
  let size = unsafe ftell(file)
  unsafe rewind(file)
  return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
    count = unsafe fread(buffer.baseAddress, 1, size, file)
  }
}

/// CPU seconds of this process.
func processSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Seconds of a clock on the wall.
func wallSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Resident bytes of this process.
func residentBytes() -> Int {
  guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
  defer { unsafe _ = fclose(file) }
  var buffer = [CChar](repeating: 0, count: 256)
  guard unsafe fgets(&buffer, 256, file) != nil else { return 0 }
  let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  return (Int(text.split(separator: " ")[1]) ?? 0) * Int(getpagesize())
}
