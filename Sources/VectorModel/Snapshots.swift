/// What a client says about snapshots; only the HTTP front and the command line say it.
package enum SnapshotRequest: Sendable {
  case list(SnapshotScope)
  case create(SnapshotScope, SnapshotOptions, wait: Bool)
  case delete(SnapshotScope, name: String, wait: Bool)
  /// Asks for a snapshot's bytes.
  case open(SnapshotScope, name: String)
  /// Makes a snapshot that is kept only as long as its bytes are read.
  case stream(SnapshotScope)
  /// Asks for a place where an upload's bytes go.
  case beginUpload
  case recover(SnapshotRecovery, wait: Bool)
  /// Makes every collection and alias of a snapshot of the whole storage.
  case recoverStorage(StorageRecovery, wait: Bool)

  /// Whether a read-only key may say this.
  package var isReadOnly: Bool {
    switch self {
    case .list, .open, .stream: true
    case .create, .delete, .beginUpload, .recover, .recoverStorage: false
    }
  }
}

/// What a snapshot is of.
package enum SnapshotScope: Hashable, Sendable {
  /// A collection, by name or alias.
  case collection(String)
  /// Every collection and the aliases.
  case storage
}

package struct SnapshotOptions: Hashable, Sendable {
  package static let descriptionBytesMax = 4096

  /// What the operator wants to remember with it.
  package var description = ""
  /// The snapshot that this one only adds to; absent is a full one.
  package var base: String?

  package init() {}
}

/// How a collection is made from a snapshot.
package struct SnapshotRecovery: Sendable {
  package enum Source: Sendable {
    /// A snapshot's name, a `file://` URL of one in the server's own directory, or a permitted URL.
    case location(String)
    /// What an upload has brought.
    case upload(any ByteSink)
  }

  /// The last operation that is restored.
  package enum Until: Hashable, Sendable {
    case sequence(UInt64)
    case milliseconds(UInt64)
  }

  /// The name that the collection gets; one of this name is replaced.
  package var collection: String
  package var source: Source
  /// SHA-256 of the file as 64 hexadecimal digits, to be compared before anything else.
  package var checksum: String?
  package var until: Until?
  /// For a URL that asks for a key.
  package var apiKey: String?

  package init(collection: String, source: Source) {
    self.collection = collection
    self.source = source
  }
}

/// How the whole storage is made from a snapshot.
package struct StorageRecovery: Sendable {
  package var source: SnapshotRecovery.Source
  /// As in `SnapshotRecovery`.
  package var checksum: String?
  /// For a URL that asks for a key.
  package var apiKey: String?

  package init(source: SnapshotRecovery.Source) { self.source = source }
}

/// One snapshot as lists show it.
package struct SnapshotDescription: Hashable, Sendable {
  package var name: String
  package var creationMilliseconds: UInt64
  package var byteCount: UInt64
  /// SHA-256 of the file as 64 hexadecimal digits.
  package var checksum: String
  package var description: String
  /// The snapshot that this one needs; absent where it stands alone.
  package var base: String?
  /// The last operation in it; 0 for the whole storage.
  package var sequence: UInt64
  /// The first operation that it can be restored to.
  package var earliestSequence: UInt64
  /// The last operation that it can be restored to with the log that the collection keeps behind it; absent where
  /// that was not asked.
  package var latestSequence: UInt64?

  package init(
    name: String, creationMilliseconds: UInt64, byteCount: UInt64, checksum: String, description: String,
    base: String?, sequence: UInt64, earliestSequence: UInt64
  ) {
    self.name = name
    self.creationMilliseconds = creationMilliseconds
    self.byteCount = byteCount
    self.checksum = checksum
    self.description = description
    self.base = base
    self.sequence = sequence
    self.earliestSequence = earliestSequence
  }
}

/// What the engine answers to a `SnapshotRequest`.
package enum SnapshotResult: Sendable {
  case list([SnapshotDescription])
  case one(SnapshotDescription)
  case done
  /// The work goes on behind the answer.
  case accepted
  case source(any ByteSource)
  case sink(any ByteSink)
}

/// Bytes that are fetched piece by piece; calls wait for the disk.
package protocol ByteSource: AnyObject, Sendable {
  var name: String { get }
  var byteCount: UInt64 { get }
  /// At most `count` bytes from `offset`; fewer only at the end.
  func read(at offset: UInt64, count: Int) throws(RequestError) -> [UInt8]
}

/// A place where bytes go piece by piece, in order; calls wait for the disk. What is not used goes with it.
package protocol ByteSink: AnyObject, Sendable {
  /// - Throws: `insufficientStorage` where the disk has no room.
  func write(_ bytes: [UInt8]) throws(RequestError)
}
