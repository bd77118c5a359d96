import Logging
import Synchronization
import VectorModel

/// What is known to be damaged in an open collection: it serves what is sound, and its status says that not all is.
final class DamageNote: Sendable {
  private let id: UUID128
  private let logger: Logger
  private let first = Mutex<String?>(nil)

  init(id: UUID128, logger: Logger) {
    self.id = id
    self.logger = logger
  }

  /// The first damage that was met.
  var what: String? { first.withLock { $0 } }

  /// Notes damage that a request has met, and logs it when it is the first.
  func note(_ what: String) {
    let isFirst = first.withLock { first in
      defer { first = first ?? what }
      return first == nil
    }
    guard isFirst else { return }
    logger.error("damage found", metadata: ["collection": "\(id)", "what": "\(what)"])
  }

  /// Takes what a reading of the whole store found in the place of what was noted.
  func replace(with what: String?) { first.withLock { $0 = what } }
}
