package import VectorModel

/// Which files of a shard belong together; replaced as a whole, so that a change of several files is one step.
package struct Manifest: Equatable, Sendable {
  /// A searchable part set: files by role, reused by later entries when unchanged.
  package struct Generation: Equatable, Sendable {
    package var number: UInt64
    /// All operations up to this sequence are in the files.
    package var coveredThrough: UInt64
    /// What each file is for (`slots`, `vector:title`, `payload:price`) and its path below the shard's directory.
    package var files: [NamedFile]

    package init(number: UInt64, coveredThrough: UInt64, files: [NamedFile]) {
      self.number = number
      self.coveredThrough = coveredThrough
      self.files = files
    }
  }

  /// A file and what it is for.
  package struct NamedFile: Equatable, Sendable {
    package var role: String
    package var path: String

    package init(role: String, path: String) {
      self.role = role
      self.path = path
    }
  }

  package var collection: UUID128
  /// The term of the log's writer.
  package var epoch: UInt64
  /// `n` of `store-<n>.mdb`.
  package var storeNumber: UInt64
  /// The first operation that is not in store and parts; the log holds it or ends just before it.
  package var firstNeededSequence: UInt64
  /// Oldest first.
  package var generations: [Generation]

  package init(
    collection: UUID128, epoch: UInt64, storeNumber: UInt64 = 0, firstNeededSequence: UInt64 = 1,
    generations: [Generation] = []
  ) {
    self.collection = collection
    self.epoch = epoch
    self.storeNumber = storeNumber
    self.firstNeededSequence = firstNeededSequence
    self.generations = generations
  }
}

extension Manifest {
  static let version: UInt32 = 1
  /// A manifest has a few hundred bytes; this bounds what is read of a file of its name.
  static let byteCountMax = 16 << 20
  private static let magic = Array("NTAILMAN".utf8)

  /// The file's bytes: magic, version, count of bytes, fields, CRC32C of all before.
  package func encoded() -> [UInt8] {
    var bytes = Self.magic
    bytes.append(littleEndian: Self.version)
    bytes.append(littleEndian: UInt32(0))
    bytes.append(collection)
    bytes.append(littleEndian: epoch)
    bytes.append(littleEndian: storeNumber)
    bytes.append(littleEndian: firstNeededSequence)
    bytes.append(littleEndian: UInt32(generations.count))
    for generation in generations {
      bytes.append(littleEndian: generation.number)
      bytes.append(littleEndian: generation.coveredThrough)
      bytes.append(littleEndian: UInt32(generation.files.count))
      for file in generation.files {
        bytes.append(string: file.role)
        bytes.append(string: file.path)
      }
    }
    bytes.store(UInt32(bytes.count + 4), at: 12)
    bytes.append(littleEndian: CRC32C.checksum(bytes.span))
    return bytes
  }

  /// Reads a manifest's bytes.
  /// - Throws: `damaged` or `newerFormat` naming `file`.
  package init(_ bytes: [UInt8], file: String) throws(StorageError) {
    guard bytes.count >= 20, Array(bytes[0..<8]) == Self.magic else {
      throw .damaged(file: file, offset: 0, what: "it does not begin as a manifest")
    }
    let span = bytes.span
    guard Int(span.load(UInt32.self, at: 12)) == bytes.count,
      CRC32C.checksum(span.extracting(0..<(bytes.count - 4))) == span.load(UInt32.self, at: bytes.count - 4)
    else { throw .damaged(file: file, offset: 0, what: "its length or checksum does not match") }
    let version: UInt32 = span.load(at: 8)
    guard version <= Self.version else {
      throw .newerFormat(file: file, found: version, supported: Self.version)
    }
    guard let manifest = Self.decode(Array(bytes[16..<(bytes.count - 4)])) else {
      throw .damaged(file: file, offset: 16, what: "its fields are malformed")
    }
    self = manifest
  }

  private static func decode(_ bytes: [UInt8]) -> Manifest? {
    var reader = ByteReader(bytes)
    guard let high = reader.next(UInt64.self)?.byteSwapped, let low = reader.next(UInt64.self)?.byteSwapped,
      let epoch = reader.next(UInt64.self), let storeNumber = reader.next(UInt64.self),
      let firstNeededSequence = reader.next(UInt64.self), let generationCount = reader.next(UInt32.self)
    else { return nil }
    var manifest = Manifest(
      collection: UUID128(high: high, low: low), epoch: epoch, storeNumber: storeNumber,
      firstNeededSequence: firstNeededSequence)
    for _ in 0..<generationCount {
      guard let generation = Generation(&reader) else { return nil }
      manifest.generations.append(generation)
    }
    return reader.remainingCount == 0 ? manifest : nil
  }
}

extension Manifest.Generation {
  fileprivate init?(_ reader: inout ByteReader) {
    guard let number = reader.next(UInt64.self), let coveredThrough = reader.next(UInt64.self),
      let fileCount = reader.next(UInt32.self)
    else { return nil }
    self.init(number: number, coveredThrough: coveredThrough, files: [])
    for _ in 0..<fileCount {
      guard let role = reader.nextString(), let path = reader.nextString(), Self.isInside(path) else {
        return nil
      }
      files.append(Manifest.NamedFile(role: role, path: path))
    }
  }

  /// Whether a path stays below the shard's directory.
  private static func isInside(_ path: String) -> Bool {
    !path.isEmpty
      && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
        !$0.isEmpty && $0 != "." && $0 != ".."
      }
  }
}
