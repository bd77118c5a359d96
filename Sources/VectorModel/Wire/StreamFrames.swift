/// Asks for a stream of writes, in the order of the producer's sequences. Its frame's request id is the stream's.
package struct StreamOpening: Equatable, Sendable {
  package var collection: String
  /// Who writes; the same after a lost connection.
  package var producer: UUID128
  /// The sequence of the first chunk to come.
  package var firstSequence: UInt64
  /// How many bytes the client would like to have under way.
  package var windowBytes: UInt32

  package init(collection: String, producer: UUID128, firstSequence: UInt64, windowBytes: UInt32) {
    self.collection = collection
    self.producer = producer
    self.firstSequence = firstSequence
    self.windowBytes = windowBytes
  }

  package func write(to writer: inout ByteWriter) {
    writer.text(collection)
    writer.uuid(producer)
    writer.fixed64(firstSequence)
    writer.fixed32(windowBytes)
  }

  package init(body: [UInt8]) throws(RequestError) {
    var reader = ByteReader(body)
    collection = try reader.text()
    producer = try reader.uuid()
    firstSequence = try reader.fixed64()
    windowBytes = try reader.fixed32()
    try reader.finish("the opening of a stream")
  }
}

/// One write of a stream.
package struct StreamChunk: Sendable {
  package var sequence: UInt64
  package var operation: WriteOperation

  package init(sequence: UInt64, operation: WriteOperation) {
    self.sequence = sequence
    self.operation = operation
  }

  package func write(to writer: inout ByteWriter) {
    writer.fixed64(sequence)
    operation.write(to: &writer)
  }

  package init(body: [UInt8]) throws(RequestError) {
    var reader = ByteReader(body)
    sequence = try reader.fixed64()
    operation = try WriteOperation(from: &reader)
    try reader.finish("the chunk")
  }

  /// The sequence at the start of a chunk's body, without reading the rest.
  package static func sequence(of body: [UInt8]) throws(RequestError) -> UInt64 {
    var reader = ByteReader(body)
    return try reader.fixed64()
  }
}

/// Says that every write of a stream up to a sequence is durable and visible, and gives their bytes back.
package struct Acknowledgement: Equatable, Sendable {
  /// The last such sequence.
  package var sequence: UInt64
  /// The operation of that write in the collection's log.
  package var operationID: UInt64
  /// How many bytes the client may send beyond what it was granted before.
  package var creditBytes: UInt32

  package init(sequence: UInt64, operationID: UInt64, creditBytes: UInt32) {
    self.sequence = sequence
    self.operationID = operationID
    self.creditBytes = creditBytes
  }

  package func write(to writer: inout ByteWriter) {
    writer.fixed64(sequence)
    writer.fixed64(operationID)
    writer.fixed32(creditBytes)
  }

  package init(body: [UInt8]) throws(RequestError) {
    var reader = ByteReader(body)
    sequence = try reader.fixed64()
    operationID = try reader.fixed64()
    creditBytes = try reader.fixed32()
    try reader.finish("the acknowledgement")
  }
}
