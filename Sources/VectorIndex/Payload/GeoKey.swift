import VectorModel

/// A place as one number: longitude and latitude in 32 bits each, bit by bit in turn (Morton 1966), so that a square
/// of a quadtree is one range of numbers. A key stands for a cell of at most 1 cm.
enum GeoKey {
  /// The largest distance of a point from its cell's centre, in degrees, and some more.
  static let slackDegrees = 1e-7
  /// A cell's diagonal in metres, and some more.
  static let slackMeters = 0.05
  private static let cellsPerAxis = 4_294_967_296.0
  /// Squares along the longer side of a box that is covered.
  private static let squaresPerSideLog2 = 2

  static func key(_ point: GeoPoint) -> Int64 {
    ordered(interleaved(column(point.longitude), row(point.latitude)))
  }

  /// The centre of a key's cell.
  static func center(_ key: Int64) -> GeoPoint {
    let code = UInt64(bitPattern: key) ^ 1 << 63
    return GeoPoint(
      longitude: (Double(gathered(code)) + 0.5) / cellsPerAxis * 360 - 180,
      latitude: (Double(gathered(code >> 1)) + 0.5) / cellsPerAxis * 180 - 90)
  }

  /// Ranges of keys, ascending, that hold every point of the boxes and few others: at most 25 a box.
  static func ranges(covering boxes: [GeoBox]) -> [ClosedRange<Int64>] {
    var ranges = boxes.flatMap { squares(covering: $0.grown(by: slackDegrees)) }
    ranges.sort { $0.lowerBound < $1.lowerBound }
    var merged: [ClosedRange<Int64>] = []
    for range in ranges {
      if let last = merged.last, last.upperBound == .max || range.lowerBound <= last.upperBound + 1 {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    return merged
  }

  private static func squares(covering box: GeoBox) -> [ClosedRange<Int64>] {
    let (left, right) = (column(box.longitudes.lowerBound), column(box.longitudes.upperBound))
    let (bottom, top) = (row(box.latitudes.lowerBound), row(box.latitudes.upperBound))
    let span = max(right - left, top - bottom)
    let shift = max(0, UInt32.bitWidth - span.leadingZeroBitCount - squaresPerSideLog2)
    var ranges: [ClosedRange<Int64>] = []
    for column in (left >> shift)...(right >> shift) {
      for row in (bottom >> shift)...(top >> shift) {
        let first = interleaved(column, row) << UInt64(2 * shift)
        ranges.append(ordered(first)...ordered(first | ((1 << UInt64(2 * shift)) - 1)))
      }
    }
    return ranges
  }

  private static func column(_ longitude: Double) -> UInt32 { cell((longitude + 180) / 360) }

  private static func row(_ latitude: Double) -> UInt32 { cell((latitude + 90) / 180) }

  private static func cell(_ share: Double) -> UInt32 {
    UInt32(min(max(share * cellsPerAxis, 0), cellsPerAxis - 1))
  }

  /// The same order among signed numbers.
  private static func ordered(_ code: UInt64) -> Int64 { Int64(bitPattern: code ^ 1 << 63) }

  /// The bits of `column` at even places, those of `row` at odd ones.
  private static func interleaved(_ column: UInt32, _ row: UInt32) -> UInt64 {
    scattered(column) | scattered(row) << 1
  }

  private static let masks: [(shift: UInt64, mask: UInt64)] = [
    (16, 0x0000_FFFF_0000_FFFF), (8, 0x00FF_00FF_00FF_00FF), (4, 0x0F0F_0F0F_0F0F_0F0F),
    (2, 0x3333_3333_3333_3333), (1, 0x5555_5555_5555_5555),
  ]

  private static func scattered(_ number: UInt32) -> UInt64 {
    masks.reduce(UInt64(number)) { ($0 | $0 << $1.shift) & $1.mask }
  }

  /// The bits at even places.
  private static func gathered(_ code: UInt64) -> UInt32 {
    var bits = code & 0x5555_5555_5555_5555
    for step in masks.dropLast().reversed() { bits = (bits | bits >> (step.shift / 2)) & step.mask }
    return UInt32(truncatingIfNeeded: bits | bits >> 16)
  }
}

/// Degrees between which a place may be.
struct GeoBox: Equatable, Sendable {
  var longitudes: ClosedRange<Double>
  var latitudes: ClosedRange<Double>

  func grown(by degrees: Double) -> GeoBox {
    GeoBox(
      longitudes: (longitudes.lowerBound - degrees)...(longitudes.upperBound + degrees),
      latitudes: (latitudes.lowerBound - degrees)...(latitudes.upperBound + degrees))
  }
}
