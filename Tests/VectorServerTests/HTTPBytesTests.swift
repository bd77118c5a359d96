import NIOCore
import Testing
import VectorModel

@testable import VectorServer

@Suite("The HTTP front and the bytes that it is sent")
struct HTTPBytesTests {
  private static let conversation =
    get("/collections/c%20d?x=1") + post("/collections/c/points/count?timeout=3", "{\"exact\": true}")
    + "POST /collections/c/points/count HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    + "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n" + "HEAD /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
    + get("/nothing", headers: "connection: close\r\n")

  /// The statuses and lengths of all answers; the rest depends on the clock.
  private func answer(_ pieces: [String]) throws -> [String] {
    let harness = try FrontHarness()
    defer { harness.finish() }
    let text = try pieces.map { try harness.send($0) }.joined()
    return text.split(separator: "HTTP/1.1 ").map { answer in
      let length = answer.split(separator: "\r\n").first { $0.hasPrefix("content-length") } ?? "none"
      return "\(answer.prefix(3)) \(length)"
    }
  }

  private func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

  @Test func aConversationMayArriveInAnyPieces() throws {
    let bytes = Array(Self.conversation.utf8)
    let whole = try answer([Self.conversation])
    #expect(whole.map { $0.prefix(3) } == ["200", "200", "200", "200", "404"])
    for index in 1..<bytes.count {
      #expect(try answer([text(bytes[..<index]), text(bytes[index...])]) == whole, "cut at \(index)")
    }
    #expect(try answer(bytes.map { text([$0]) }) == whole, "byte by byte")
  }

  @Test func aConversationMayEndAnywhere() throws {
    let bytes = Array(Self.conversation.utf8)
    for index in bytes.indices {
      let harness = try FrontHarness()
      try harness.send(text(bytes[..<index]))
      harness.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
      harness.channel.embeddedEventLoop.run()
      #expect(!harness.channel.isActive, "end at \(index)")
      harness.finish()
    }
  }

  @Test(arguments: 0..<300) func damagedBytesAreAnsweredOrClosed(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    var bytes = Array(Self.conversation.utf8)
    for _ in 0..<(1 + random.next() % 8) {
      let index = Int(random.next() % UInt64(bytes.count))
      switch random.next() % 4 {
      case 0: bytes[index] = UInt8(truncatingIfNeeded: random.next())
      case 1: bytes.remove(at: index)
      case 2: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
      default: bytes.insert(contentsOf: bytes[index...].prefix(Int(random.next() % 64)), at: index)
      }
    }
    let harness = try FrontHarness()
    defer { harness.finish() }
    try harness.channel.writeInbound(ByteBuffer(bytes: bytes))
    let answer = try harness.received()
    #expect(answer.isEmpty || answer.hasPrefix("HTTP/1."), "seed \(seed)")
    harness.channel.embeddedEventLoop.advanceTime(by: .seconds(400))
    #expect(!harness.channel.isActive, "seed \(seed): nothing is left open")
  }
}
