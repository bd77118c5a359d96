import NIOCore
import VectorModel
import VectorServer

/// A script for a connection's state machine: each step is a byte that says what happens, and what belongs to it.
/// Frames get their right checksums, so that the fuzzer is not stopped by them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzConnection(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  var script = Script(Array(UnsafeBufferPointer(start: data, count: count)))
  script.run()
  return 0
}

private struct Script {
  private var bytes: ArraySlice<UInt8>
  private var now = NIODeadline.uptimeNanoseconds(1)
  private var state: BinaryConnectionState
  private var streams: [UInt32: IngestState] = [:]
  private var isClosed = false

  init(_ bytes: [UInt8]) {
    self.bytes = bytes[...]
    state = BinaryConnectionState(limits: BinaryLimits(), keys: AccessKeys(), now: now)
    var hello = FrameWriter(.hello, requestID: 1)
    Hello(client: "fuzz", answerBytesMax: 1 << 20).write(to: &hello.body)
    receive(Preface.client(.crc32c).bytes + hello.finish(.of(.crc32c)))
  }

  mutating func run() {
    while let step = bytes.popFirst() {
      switch step & 7 {
      case 0, 1, 2: receive(frame())
      case 3: receive(Array(take(Int(step >> 3))))
      case 4:
        now = now + .seconds(Int64(step >> 3) * 4)
        if let action = state.timer(now: now) { perform(action) }
      case 5: if let action = state.answered(UInt32(step >> 3), now: now) { perform(action) }
      case 6: if let action = state.inputClosed(now: now) { perform(action) }
      default: for action in state.quiesce(RequestError(.unavailable, "stop"), now: now) { perform(action) }
      }
    }
  }

  /// A frame with an opcode, a small request id and a body of up to 255 bytes.
  private mutating func frame() -> [UInt8] {
    let opcode = Opcode(rawValue: bytes.popFirst() ?? 0) ?? .ping
    let requestID = UInt32((bytes.popFirst() ?? 0) % 8)
    var writer = FrameWriter(opcode, requestID: requestID)
    writer.body.raw(Array(take(Int(bytes.popFirst() ?? 0))))
    return writer.finish(.of(.crc32c))
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8> {
    defer { bytes = bytes.dropFirst(count) }
    return bytes.prefix(count)
  }

  private mutating func receive(_ input: [UInt8]) {
    var offset = 0
    while let action = state.next(input.span, &offset, now: now, reserve: { $0 < 1 << 24 }) {
      perform(action)
    }
    precondition(offset == input.count, "input is left over")
  }

  private mutating func perform(_ action: BinaryConnectionState.Action) {
    precondition(!isClosed, "an action behind the close")
    switch action {
    case .send, .refuse: break
    case .request(_, let opcode, let body): _ = try? Request(opcode, body: body)
    case .openStream(let id, let opening, _, _): streams[id] = IngestState(opening)
    case .chunk(let id, let body, let frameBytes):
      streams[id]?.received(body, frameBytes: frameBytes)
      advance(id)
    case .closeStream(let id):
      streams[id]?.close()
      advance(id)
    case .finish, .close: isClosed = true
    }
  }

  private mutating func advance(_ id: UInt32) {
    while let step = streams[id]?.next() {
      switch step {
      case .decode(_, let body):
        streams[id]?.decoded(Result { () throws(RequestError) in try StreamChunk(body: body) })
      case .write: streams[id]?.written(.success(1))
      case .acknowledge(let acknowledgement):
        state.acknowledged(stream: id, bytes: Int(acknowledgement.creditBytes), now: now)
      case .fail, .finish:
        streams[id] = nil
        if let action = state.streamEnded(id, now: now) { perform(action) }
      }
    }
  }
}
