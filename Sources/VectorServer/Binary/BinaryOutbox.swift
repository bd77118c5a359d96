import Synchronization

/// Frames on their way from whatever thread has an answer to the connection's event loop.
///
/// Many answers at once cost one wake-up of the loop and one write to the socket.
package final class BinaryOutbox: Sendable {
  package struct Entry: Sendable {
    package var requestID: UInt32
    package var frame: [UInt8]
  }

  private let entries = Mutex<[Entry]>([])

  package init() {}

  /// Adds an answer; true where the loop must be woken to take it.
  package func put(_ entry: Entry) -> Bool {
    entries.withLock { entries in
      entries.append(entry)
      return entries.count == 1
    }
  }

  package func takeAll() -> [Entry] {
    entries.withLock { entries in
      let all = entries
      entries = []
      return all
    }
  }
}
