import VectorModel

/// What the other sections of a part mean: the fixed fields of its `header` section, all little-endian.
///
/// ```
/// offset  bytes  field
///      0      4  magic "NTVP"
///      4      4  version: 2 of float32 rows, 3 of others
///      8      4  distance (`Distance`'s raw value)
///     12      4  flags: 1 codes, 2 graph, 4 keepsPruned, 8 nibbles, 16 codes with tails, 32 codes of 8 bits wished
///     16      4  count
///     20      4  dimension
///     24      4  m
///     28      4  efConstruction
///     32      8  fullScanThresholdKilobytes
///     40      8  seed
///     48      4  alpha, float32
///     52      4  entry rows; 0 without a graph
///     56      4  the scale of codes without tails, float32
///     60      4  the rows' element (`VectorElement`'s raw value), from version 3 on
/// ```
///
/// Version 1 had a hierarchy: the row of its entry point in the place of the number of entry rows, and the sizes of
/// its levels behind the rest.
struct PartHeader: Equatable {
  static let magic: UInt32 = 0x5056_544E
  static let version: UInt32 = 3
  /// The last version without an element, which parts of float32 rows keep.
  private static let floatVersion: UInt32 = 2

  var element: VectorElement
  var distance: Distance
  var hasCodes: Bool
  var hasGraph: Bool
  var count: Int
  var dimension: Int
  var parameters: GraphParameters
  /// Entry rows; 0 without a graph.
  var entriesCount: Int
  var format: CodeFormat
  var uniformScale: Float
  /// Where walks began in a part of version 1, which has no entry rows.
  var hierarchyEntry: UInt32?

  private var flags: UInt32 {
    var flags: UInt32 = hasCodes ? 1 : 0
    if hasGraph { flags |= 2 }
    if parameters.keepsPruned { flags |= 4 }
    if format.bits == 4 { flags |= 8 }
    if format.bits == 1 { flags |= 64 }
    if format.hasTails { flags |= 16 }
    if parameters.codeBits == 8 { flags |= 32 }
    if parameters.codeBits == 1 { flags |= 128 }
    return flags
  }

  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    func append<T: FixedWidthInteger>(_ value: T) {
      var rest = value.littleEndian
      unsafe withUnsafeBytes(of: &rest) { unsafe bytes.append(contentsOf: $0) }
    }
    append(Self.magic)
    append(element == .float32 ? Self.floatVersion : Self.version)
    append(UInt32(distance.rawValue))
    append(flags)
    append(UInt32(count))
    append(UInt32(dimension))
    append(UInt32(parameters.m))
    append(UInt32(parameters.efConstruction))
    append(UInt64(max(0, parameters.fullScanThresholdKilobytes)))
    append(parameters.seed)
    append(parameters.alpha.bitPattern)
    append(UInt32(entriesCount))
    append(uniformScale.bitPattern)
    if element != .float32 { append(UInt32(element.rawValue)) }
    return bytes
  }
}

extension PartHeader {
  /// Reads the bytes of a `header` section.
  ///
  /// - Throws: `internalError` when they are damaged or of a newer version.
  init(_ bytes: [UInt8]) throws(RequestError) {
    var reader = HeaderReader(bytes: bytes)
    guard try reader.next(UInt32.self) == Self.magic else { throw Self.damaged("no magic") }
    let version = try reader.next(UInt32.self)
    guard (1...Self.version).contains(version) else {
      throw .internalError("index part has version \(version), this program reads up to \(Self.version)")
    }
    guard let distance = Distance(rawValue: UInt8(truncatingIfNeeded: try reader.next(UInt32.self))) else {
      throw Self.damaged("unknown distance")
    }
    self.distance = distance
    let flags = try reader.next(UInt32.self)
    hasCodes = flags & 1 != 0
    hasGraph = flags & 2 != 0
    count = Int(try reader.next(UInt32.self))
    dimension = Int(try reader.next(UInt32.self))
    let m = Int(try reader.next(UInt32.self))
    let efConstruction = Int(try reader.next(UInt32.self))
    let threshold = try reader.next(UInt64.self)
    let seed = try reader.next(UInt64.self)
    let alpha = Float(bitPattern: try reader.next(UInt32.self))
    guard threshold <= UInt64(Int.max / 1024) else { throw Self.damaged("full-scan threshold \(threshold)") }
    parameters = GraphParameters(
      m: m, efConstruction: efConstruction, fullScanThresholdKilobytes: Int(threshold), alpha: alpha,
      keepsPruned: flags & 4 != 0, codeBits: flags & 128 != 0 ? 1 : flags & 32 != 0 ? 8 : 4, seed: seed)
    format = CodeFormat(
      bits: flags & 64 != 0 ? 1 : flags & 8 != 0 ? 4 : 8, hasTails: flags & 16 != 0)
    let entries = try reader.next(UInt32.self)
    if version == 1 {
      hierarchyEntry = hasGraph ? entries : nil
      entriesCount = hasGraph ? 1 : 0
    } else {
      entriesCount = Int(entries)
    }
    uniformScale = Float(bitPattern: try reader.next(UInt32.self))
    element = .float32
    if version > Self.floatVersion {
      guard let kind = VectorElement(rawValue: UInt8(truncatingIfNeeded: try reader.next(UInt32.self))) else {
        throw Self.damaged("unknown element")
      }
      element = kind
    }
    try validate()
  }

  private func validate() throws(RequestError) {
    do {
      try VectorPart.check(count: count, dimension: dimension, parameters: parameters)
    } catch {
      throw Self.damaged(error.message)
    }
    guard element.supports(distance) else { throw Self.damaged("\(distance) of \(element)") }
    guard hasCodes == (count > 0 && CodeTable.exist(of: element, distance: distance)) else {
      throw Self.damaged("flags of codes")
    }
    guard !hasCodes || CodeTable.supports(format, distance: distance) else {
      throw Self.damaged("format of codes")
    }
    guard !hasCodes || format.hasTails || uniformScale.isFinite && uniformScale > 0 else {
      throw Self.damaged("scale \(uniformScale) of codes")
    }
    guard hasGraph else {
      guard entriesCount == 0 else { throw Self.damaged("entries without a graph") }
      return
    }
    guard parameters.m > 0, count > 0 else { throw Self.damaged("a graph of nothing") }
    guard entriesCount >= 1, entriesCount <= min(count, GraphLinks.entriesMax) else {
      throw Self.damaged("\(entriesCount) entries of \(count) rows")
    }
    if let hierarchyEntry, hierarchyEntry >= count {
      throw Self.damaged("entry \(hierarchyEntry) of \(count) rows")
    }
  }

  static func damaged(_ what: String) -> RequestError { .internalError("index part is damaged: \(what)") }
}

/// Takes little-endian integers off the front of some bytes.
private struct HeaderReader {
  let bytes: [UInt8]
  var offset = 0

  mutating func next<T: FixedWidthInteger>(_ type: T.Type) throws(RequestError) -> T {
    let size = MemoryLayout<T>.size
    guard offset + size <= bytes.count else { throw PartHeader.damaged("header of \(bytes.count) bytes") }
    var value: T = 0
    for index in 0..<size { value |= T(bytes[offset + index]) << T(8 * index) }
    offset += size
    return value
  }
}
