package import VectorModel

/// Why storage refused or failed; every message names the file.
///
/// The engine tells the cases apart (damage degrades a collection, a full disk is waited out) and answers
/// clients with `requestError`.
package enum StorageError: Error, Equatable, Sendable {
  /// The operating system refused `operation` with the code `errno`.
  case io(operation: String, file: String, offset: UInt64?, errno: Int32)
  /// The bytes at `offset` of `file` are not what was written there.
  case damaged(file: String, offset: UInt64?, what: String)
  /// A file or directory that the data names is not there.
  case missing(file: String, what: String)
  /// The file was written by a newer format than this program reads.
  case newerFormat(file: String, found: UInt32, supported: UInt32)
  /// Another process holds the data directory.
  case locked(directory: String)
  /// The log's last sequence or epoch is not the one that the caller expects; nothing was appended.
  case conflict(file: String, what: String)
  /// An earlier failure left the file's durable state unknown; it must be reopened.
  case poisoned(file: String, cause: String)
  /// A size is over its limit; nothing was written.
  case limit(file: String, what: String)
  /// The object was closed.
  case closed(file: String)
}

extension StorageError: CustomStringConvertible {
  /// The sentence that logs and clients see.
  package var description: String {
    switch self {
    case .io(let operation, let file, let offset, let errno):
      let place = offset.map { " at offset \($0)" } ?? ""
      return "\(operation) of \(file)\(place) failed: \(POSIX.message(errno)) (errno \(errno))"
    case .damaged(let file, let offset, let what):
      let place = offset.map { " at offset \($0)" } ?? ""
      return "\(file) is damaged\(place): \(what)"
    case .missing(let file, let what): return "\(file) is missing: \(what)"
    case .newerFormat(let file, let found, let supported):
      return "\(file) has format version \(found); this program reads versions up to \(supported)"
    case .locked(let directory): return "\(directory) is in use by another process"
    case .conflict(let file, let what): return "\(file): \(what)"
    case .poisoned(let file, let cause):
      return "\(file) takes no more writes until it is reopened, since an earlier one failed: \(cause)"
    case .limit(let file, let what): return "\(file): \(what)"
    case .closed(let file): return "\(file) is closed"
    }
  }
}

extension StorageError {
  /// Whether the disk, the quota or the file size limit is full, so that trying later can succeed.
  package var isOutOfSpace: Bool {
    guard case .io(_, _, _, let errno) = self else { return false }
    return POSIX.isOutOfSpace(errno)
  }

  /// Whether bytes on disk are wrong or gone, as against a failing operation.
  package var isDamage: Bool {
    switch self {
    case .damaged, .missing: true
    default: false
    }
  }

  /// What a client is told: 507 for a full disk, 503 where a restart helps, 500 otherwise.
  package var requestError: RequestError {
    if isOutOfSpace { return RequestError(.insufficientStorage, "Insufficient storage: " + description) }
    switch self {
    case .poisoned, .closed, .locked:
      return RequestError(.unavailable, "Service unavailable: " + description)
    case .limit: return RequestError(.insufficientStorage, "Insufficient storage: " + description)
    case .io, .damaged, .missing, .newerFormat, .conflict: return .internalError(description)
    }
  }

  /// Runs `body` at a module's border, where storage's errors become the client's.
  package static func mapped<T>(_ body: () throws(StorageError) -> T) throws(RequestError) -> T {
    do { return try body() } catch { throw error.requestError }
  }
}
