import VectorModel
import VectorStorage

/// The digest of a collection's points, kept up to date by every operation; unknown after a point was
/// overwritten or deleted whose old value the store could not give any more.
struct StateDigest: Hashable, Sendable {
  /// Nil when unknown, until a full read finds it anew.
  private(set) var content: ContentDigest? = ContentDigest()

  init(_ content: ContentDigest? = ContentDigest()) { self.content = content }

  mutating func add(_ point: Point, version: UInt64) {
    content?.add(ContentDigest.hash(point.id, version: version, payload: point.payload))
    for entry in point.vectors.entries {
      content?.add(ContentDigest.hash(point.id, vector: entry.name, entry.value))
    }
  }

  mutating func subtract(_ point: Point, version: UInt64) {
    content?.subtract(ContentDigest.hash(point.id, version: version, payload: point.payload))
    for entry in point.vectors.entries {
      content?.subtract(ContentDigest.hash(point.id, vector: entry.name, entry.value))
    }
  }

  /// Notes that a point's version and payload changed.
  mutating func replace(
    _ id: PointID, _ oldVersion: UInt64, _ oldPayload: [UInt8], with version: UInt64, _ payload: [UInt8]
  ) {
    content?.subtract(ContentDigest.hash(id, version: oldVersion, payload: oldPayload))
    content?.add(ContentDigest.hash(id, version: version, payload: payload))
  }

  mutating func add(_ id: PointID, _ name: String, _ value: VectorValue) {
    content?.add(ContentDigest.hash(id, vector: name, value))
  }

  mutating func subtract(_ id: PointID, _ name: String, _ value: VectorValue) {
    content?.subtract(ContentDigest.hash(id, vector: name, value))
  }

  mutating func forget() { content = nil }

  /// A flag whether it is known, and sixteen little-endian bytes.
  var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.byte(content == nil ? 0 : 1)
    writer.digest(content ?? ContentDigest())
    return writer.bytes
  }

  /// - Throws: `damaged` naming the store.
  init(decoding bytes: [UInt8], path: String) throws(StorageError) {
    var reader = ByteReader(bytes)
    do throws(RequestError) {
      let isKnown = try reader.byte() == 1
      let content = try reader.digest()
      self.init(isKnown ? content : nil)
    } catch {
      throw .damaged(file: path, offset: nil, what: "its digest is none")
    }
  }
}

extension ByteWriter {
  mutating func digest(_ digest: ContentDigest) {
    fixed64(UInt64(truncatingIfNeeded: digest.sum))
    fixed64(UInt64(truncatingIfNeeded: digest.sum >> 64))
  }
}

extension ByteReader {
  mutating func digest() throws(RequestError) -> ContentDigest {
    let low = try fixed64()
    return ContentDigest(UInt128(try fixed64()) << 64 | UInt128(low))
  }
}

extension CollectionState {
  /// Takes a point out of the digest before it is changed or removed.
  mutating func subtractFromDigest(_ slot: UInt32, _ source: some PayloadSource) {
    guard digest.content != nil else { return }
    let entry = points[slot]
    // A value that cannot be read must not keep anybody from overwriting it.
    guard let payload = try? payload(of: slot, source) else { return digest.forget() }
    digest.subtract(
      Point(id: entry.id, vectors: vectors(of: slot), payload: payload), version: entry.version)
  }
}
