import Testing
import VectorModel

@testable import VectorClient

@Suite struct ClientConnectionStateTests {
  private static func frame(
    _ opcode: Opcode, _ requestID: UInt32, _ write: (inout ByteWriter) -> Void = { _ in }
  ) -> [UInt8] {
    var writer = FrameWriter(opcode, requestID: requestID)
    write(&writer.body)
    return writer.finish(.crc32c)
  }

  private static let welcome = Welcome(
    server: "s", isReadOnly: false, frameBytesMax: 1, requestsMax: 2, requestBytesMax: 3, streamsMax: 4,
    windowBytesMax: 5, idleMilliseconds: 6)
  private static let conversation: [UInt8] =
    Preface.client(.crc32c).answer().bytes + frame(.welcome, 1) { welcome.write(to: &$0) }
    + frame(.result, 7) { $0.raw([1, 2, 3]) }
    + frame(.goodbye, 0) { RequestError(.unavailable, "bye").write(to: &$0, retryMilliseconds: 5) }

  private static func events(
    _ bytes: [UInt8], size: Int? = nil, answerBytesMax: Int = 1000
  ) -> [ClientConnectionState.Event] {
    var configuration = ClientConfiguration()
    configuration.answerBytesMax = answerBytesMax
    var state = ClientConnectionState(configuration, helloID: 1)
    let size = max(1, size ?? bytes.count)
    var events: [ClientConnectionState.Event] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      let piece = Array(bytes[start..<min(start + size, bytes.count)])
      var offset = 0
      while let event = state.next(piece.span, &offset) { events.append(event) }
    }
    return events
  }

  private static func isFailure(_ event: ClientConnectionState.Event?) -> Bool {
    if case .failed = event { true } else { false }
  }

  @Test func aConversationIsRead() {
    let events = Self.events(Self.conversation)
    #expect(events.count == 3)
    #expect(events.first == .welcome(Self.welcome))
    guard case .frame(let header, let body) = events[1] else {
      Issue.record("no frame")
      return
    }
    #expect(header.requestID == 7)
    #expect(body == [1, 2, 3])
    #expect(events.last == .goodbye(RequestError(.unavailable, "bye")))
    for size in 1...40 { #expect(Self.events(Self.conversation, size: size) == events) }
  }

  @Test func theOpeningIsPrefaceAndHello() throws {
    var configuration = ClientConfiguration(apiKey: "secret")
    configuration.name = "test"
    let opening = ClientConnectionState(configuration, helloID: 1).opening
    #expect(opening.starts(with: Preface.client(.crc32c).bytes))
    let body = Array(opening.dropFirst(Preface.byteCount + FrameHeader.byteCount))
    #expect(try Hello(body: body) == Hello(client: "test", apiKey: "secret", answerBytesMax: 256 << 20))
  }

  @Test func aRefusedHelloIsTheServersError() {
    let error = RequestError(.unauthorized, "Invalid API key")
    let bytes =
      Preface.client(.crc32c).answer().bytes
      + Self.frame(.error, 1) { error.write(to: &$0, retryMilliseconds: 0) }
    #expect(Self.events(bytes) == [.failed(error)])
    #expect(Self.events(bytes + Self.frame(.pong, 1)).count == 1)
    let refusal =
      Preface.client(.crc32c).answer().bytes
      + Self.frame(.error, 0) { error.write(to: &$0, retryMilliseconds: 700) }
    #expect(Self.events(refusal) == [.failed(error, retryMilliseconds: 700)])
  }

  @Test func anotherVersionIsRefused() {
    let refusal = Preface(version: 2, versionMax: 2, checksum: 1).answer().bytes
    #expect(Self.isFailure(Self.events(refusal).first))
  }

  @Test func anAnswerBeyondTheLimitEndsTheConnection() {
    let large = Self.frame(.result, 7) { $0.raw([UInt8](repeating: 0, count: 2000)) }
    #expect(Self.isFailure(Self.events(Self.conversation.prefix(90) + large).last))
  }

  @Test func everyTruncationAndFlipIsSurvived() {
    let whole = Self.events(Self.conversation)
    for index in Self.conversation.indices {
      #expect(whole.starts(with: Self.events(Array(Self.conversation[..<index]))))
      for bit in 0..<8 {
        var flipped = Self.conversation
        flipped[index] ^= 1 << UInt8(bit)
        let events = Self.events(flipped)
        let failures = events.filter { Self.isFailure($0) }
        #expect(failures.count <= 1)
        // Behind the preface everything has a checksum: what is read is what was sent.
        if index >= Preface.byteCount {
          #expect(events.filter { !failures.contains($0) }.allSatisfy(whole.contains), "byte \(index)")
        }
      }
    }
  }
}
