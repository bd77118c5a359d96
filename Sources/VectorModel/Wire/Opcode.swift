/// What a frame says. Values never change their meaning; 0 and what is not listed are refused.
package enum Opcode: UInt8, CaseIterable, Sendable {
  // The connection. The layouts of `hello` and `welcome` only grow at their ends, whatever the version.
  case hello = 0x01
  case welcome = 0x02
  case ping = 0x03
  case pong = 0x04
  case goodbye = 0x05

  // Answers.
  case result = 0x10
  case error = 0x11

  // Collections.
  case listCollections = 0x20
  case collectionInfo = 0x21
  case collectionExists = 0x22
  case createCollection = 0x23
  case updateCollection = 0x24
  case deleteCollection = 0x25
  case addVector = 0x26
  case removeVector = 0x27
  case changeAliases = 0x28
  case listAliases = 0x29
  case collectionAliases = 0x2A

  // Points.
  case write = 0x30
  case writeBatch = 0x31
  case getPoint = 0x40
  case retrieve = 0x41
  case scroll = 0x42
  case count = 0x43
  case facet = 0x44
  case query = 0x45
  case queryBatch = 0x46

  // Streams of writes.
  case openStream = 0x50
  case chunk = 0x51
  case closeStream = 0x52
  case streamOpened = 0x53
  case acknowledgement = 0x54
  case streamClosed = 0x55

  /// Whether the frame is a request of its own that one `result` or `error` answers.
  package var isRequest: Bool { (0x20..<0x50).contains(rawValue) }

  /// Whether a read-only key may say it.
  package var isReadOnly: Bool {
    switch self {
    case .createCollection, .updateCollection, .deleteCollection, .addVector, .removeVector, .changeAliases,
      .write, .writeBatch, .openStream, .chunk, .closeStream:
      false
    default: true
    }
  }
}
