import VectorModel

/// Whole frames of every kind, as the fixtures have them.
enum FrameSamples {
  static let requestID: UInt32 = 0x0102_0304

  /// Every frame with CRC-32C, by the names of the fixtures.
  static func frames() throws(RequestError) -> [(name: String, bytes: [UInt8])] {
    let checksum = ReferenceChecksum.of(.crc32c)
    var frames = connection(checksum) + (try streams(checksum))
    for (name, request) in try RequestSamples.all() {
      var writer = FrameWriter(request.opcode, requestID: requestID)
      request.write(to: &writer.body)
      frames.append(("request-" + name, writer.finish(checksum)))
    }
    for (name, response) in try ResponseSamples.all() {
      var writer = FrameWriter(.result, flags: response.flags, requestID: requestID)
      response.write(to: &writer.body, microseconds: 300)
      frames.append(("result-" + name, writer.finish(checksum)))
    }
    return frames
  }

  /// The prefaces of both sides.
  static func prefaces() -> [(name: String, bytes: [UInt8])] {
    [
      ("preface-client", Preface.client(.crc32c).bytes),
      ("preface-client-crc32", Preface.client(.crc32).bytes),
      ("preface-server", Preface.client(.crc32c).answer().bytes),
      ("preface-server-refusal", Preface(version: 2, versionMax: 9, checksum: 1).answer().bytes),
    ]
  }

  static let hello = Hello(client: "fixture 1.0", apiKey: "key", answerBytesMax: 256 << 20)
  static let welcome = Welcome(
    server: "needletail 0.1.0", isReadOnly: false, frameBytesMax: 32 << 20, requestsMax: 256,
    requestBytesMax: 64 << 20, streamsMax: 8, windowBytesMax: 16 << 20, idleMilliseconds: 120_000)

  private static func connection(_ checksum: FrameChecksum) -> [(name: String, bytes: [UInt8])] {
    func frame(
      _ opcode: Opcode, _ requestID: UInt32 = 0, _ write: (inout ByteWriter) -> Void = { _ in }
    ) -> [UInt8] {
      var writer = FrameWriter(opcode, requestID: requestID)
      write(&writer.body)
      return writer.finish(checksum)
    }
    return [
      ("hello", frame(.hello, 1) { hello.write(to: &$0) }),
      ("welcome", frame(.welcome, 1) { welcome.write(to: &$0) }),
      ("ping", frame(.ping, 9) { $0.raw([1, 2, 3]) }),
      ("pong", frame(.pong, 9) { $0.raw([1, 2, 3]) }),
      (
        "goodbye",
        frame(.goodbye) {
          RequestError(.unavailable, "Service unavailable: the server is stopping")
            .write(to: &$0, retryMilliseconds: 1000)
        }
      ),
      (
        "error",
        frame(.error, requestID) {
          RequestError.notFound("Collection `films` doesn't exist!").write(to: &$0, retryMilliseconds: 0)
        }
      ),
    ]
  }

  private static func streams(
    _ checksum: FrameChecksum
  ) throws(RequestError) -> [(name: String, bytes: [UInt8])] {
    func frame(_ opcode: Opcode, _ write: (inout ByteWriter) -> Void = { _ in }) -> [UInt8] {
      var writer = FrameWriter(opcode, requestID: requestID)
      write(&writer.body)
      return writer.finish(checksum)
    }
    let opening = StreamOpening(
      collection: "films", producer: RequestSamples.uuid, firstSequence: 1, windowBytes: 1 << 20)
    let chunk = StreamChunk(
      sequence: 1, operation: .upsert(UpsertOperation(points: RequestSamples.points())))
    let acknowledgement = Acknowledgement(sequence: 1, operationID: 258, creditBytes: 96)
    return [
      ("open-stream", frame(.openStream) { opening.write(to: &$0) }),
      ("stream-opened", frame(.streamOpened) { $0.fixed32(1 << 20) }),
      ("chunk", frame(.chunk) { chunk.write(to: &$0) }),
      ("acknowledgement", frame(.acknowledgement) { acknowledgement.write(to: &$0) }),
      ("close-stream", frame(.closeStream)),
      ("stream-closed", frame(.streamClosed)),
    ]
  }
}
