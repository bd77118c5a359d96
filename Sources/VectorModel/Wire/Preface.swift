/// The sixteen bytes with which each side of a binary connection begins.
///
/// The client offers a range of versions and names the checksum of its frames; the server answers with what it
/// takes. The layout is the same for all versions.
///
///     0  8  magic: 89 4E 54 4C 42 0D 0A 1A
///     8  2  client: the lowest version that it speaks; server: the version taken, 0 where there is none
///    10  2  the highest version that it speaks
///    12  1  client: the kind of checksum; server: the same, 0 where it has none of that kind
///    13  3  zero
package struct Preface: Equatable, Sendable {
  /// A byte above ASCII, a name, and line ends: text protocols and their conversions are told at once.
  package static let magic: [UInt8] = [0x89, 0x4E, 0x54, 0x4C, 0x42, 0x0D, 0x0A, 0x1A]
  package static let byteCount = 16
  /// The version of the protocol that this code speaks.
  package static let version: UInt16 = 1

  /// The lowest version of a client, or the one that the server takes.
  package var version: UInt16
  package var versionMax: UInt16
  /// A raw value of `FrameChecksum.Kind`, or 0.
  package var checksum: UInt8

  package init(version: UInt16, versionMax: UInt16, checksum: UInt8) {
    self.version = version
    self.versionMax = versionMax
    self.checksum = checksum
  }

  /// What a client of this code says first.
  package static func client(_ checksum: FrameChecksum.Kind) -> Preface {
    Preface(version: version, versionMax: version, checksum: checksum.rawValue)
  }

  /// What a server of this code answers.
  package func answer() -> Preface {
    let isSpoken = version <= Self.version && Self.version <= versionMax
    return Preface(
      version: isSpoken ? Self.version : 0, versionMax: Self.version,
      checksum: FrameChecksum.Kind(rawValue: checksum) == nil ? 0 : checksum)
  }

  /// The kind of checksum where both sides can go on, nil where the connection ends here.
  package var agreed: FrameChecksum.Kind? {
    version == Self.version ? FrameChecksum.Kind(rawValue: checksum) : nil
  }

  package var bytes: [UInt8] {
    var writer = ByteWriter(reservingCapacity: Self.byteCount)
    writer.raw(Self.magic)
    for value in [version, versionMax] {
      writer.byte(UInt8(truncatingIfNeeded: value))
      writer.byte(UInt8(truncatingIfNeeded: value >> 8))
    }
    writer.byte(checksum)
    writer.raw([0, 0, 0])
    return writer.bytes
  }

  /// Reads a preface.
  /// - Throws: `badRequest` where the bytes are no preface, with a hint where they look like another protocol's.
  package init(decoding bytes: [UInt8]) throws(RequestError) {
    guard bytes.count == Self.byteCount, bytes.starts(with: Self.magic) else {
      throw .badRequest("the connection does not begin with the magic bytes of the binary protocol")
    }
    version = UInt16(bytes[8]) | UInt16(bytes[9]) << 8
    versionMax = UInt16(bytes[10]) | UInt16(bytes[11]) << 8
    checksum = bytes[12]
  }
}
