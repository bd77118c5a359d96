import NIOCore
import Testing
import VectorModel

@testable import VectorServer

@Suite struct BinaryConnectionStateTests {
  private static let count = Request.count(collection: "c", CountRequest())

  private static func upsert(bytes: Int) -> Request {
    let payload = Array("{\"a\":\"\(String(repeating: "x", count: bytes))\"}".utf8)
    let point = Point(id: .number(1), vectors: NamedVectors(), payload: payload)
    return .write(collection: "c", .upsert(UpsertOperation(points: [point])), UpdateParameters())
  }

  // MARK: Opening

  @Test func aConnectionOpensWithPrefaceAndHello() throws {
    var harness = StateHarness(isOpen: false)
    let actions = harness.send(Wire.opening())
    #expect(try actions.first?.answers(hasPreface: true) == [.preface(version: 1)])
    let welcome = BinaryLimits().welcome(isReadOnly: false)
    #expect(try actions.last?.answers() == [.welcome(welcome)])
    #expect(actions.count == 2)
    #expect(harness.state.phase == .open)
    #expect(harness.state.answerBytesMax == 1 << 20)
  }

  @Test func nothingIsHeardBeforeTheHello() throws {
    var harness = StateHarness(isOpen: false)
    let actions = harness.send(Preface.client(.crc32c).bytes + Wire.request(Self.count, 5))
    #expect(actions.count == 2)
    #expect(try actions[1].answers().first?.failure?.code == .badRequest)
    #expect(actions[1].isRefusal)
    #expect(harness.send(Wire.hello()).isEmpty)
    #expect(harness.state.phase == .lingering)
  }

  @Test func aHelloIsSmall() throws {
    var harness = StateHarness(isOpen: false)
    let long = Wire.frame(.hello, 1) { $0.raw([UInt8](repeating: 0x20, count: 10_000)) }
    let actions = harness.send(Preface.client(.crc32c).bytes + long.prefix(16))
    #expect(try actions[1].answers().first?.failure?.code == .payloadTooLarge)
  }

  @Test func theKeyDecides() throws {
    let keys = AccessKeys(full: "full", readOnly: "read")
    for (key, code) in [("", RequestError.Code.unauthorized), ("wrong", .unauthorized)] {
      var harness = StateHarness(keys: keys, isOpen: false)
      let actions = harness.send(Wire.opening(key) + Wire.request(Self.count, 2))
      #expect(actions.count == 2)
      #expect(try actions[1].answers().first?.failure?.code == code)
      #expect(actions[1].isRefusal)
    }
    for (key, isReadOnly) in [("full", false), ("read", true)] {
      var harness = StateHarness(keys: keys, isOpen: false)
      let actions = harness.send(Wire.opening(key))
      #expect(try actions[1].answers() == [.welcome(BinaryLimits().welcome(isReadOnly: isReadOnly))])
    }
  }

  @Test func aReadOnlyKeyWritesNothing() throws {
    var harness = StateHarness(keys: AccessKeys(readOnly: "read"), isOpen: false)
    harness.send(Wire.opening("read"))
    let forbidden = harness.send(Wire.request(Self.upsert(bytes: 3), 2) + Wire.openStream(3))
    #expect(try forbidden.flatMap { try $0.answers() }.map { $0.failure?.code } == [.forbidden, .forbidden])
    #expect(harness.send(Wire.request(Self.count, 4)).first?.requestID == 4)
  }

  @Test func anotherProtocolIsCutOffAtItsFirstByte() {
    var harness = StateHarness(isOpen: false)
    #expect(harness.send(Array("G".utf8)) == [.close])
    #expect(harness.send(Wire.opening()).isEmpty)
  }

  @Test func anUnknownVersionIsTold() throws {
    var harness = StateHarness(isOpen: false)
    let actions = harness.send(Preface(version: 2, versionMax: 3, checksum: 1).bytes)
    #expect(actions.first?.isRefusal == true)
    #expect(try actions.first?.answers(hasPreface: true) == [.preface(version: 0)])
  }

  @Test func tooManyConnectionsAreTold() throws {
    var harness = StateHarness(isOverLimit: true, isOpen: false)
    let answers = try harness.send(Wire.opening()).flatMap { try $0.answers(hasPreface: true) }
    #expect(answers.first == .preface(version: 1))
    #expect(answers.last?.failure?.code == .unavailable)
  }

  @Test func bothChecksumsAreSpoken() throws {
    var harness = StateHarness(isOpen: false)
    harness.send(Preface.client(.crc32).bytes)
    var writer = FrameWriter(.hello, requestID: 1)
    Hello(client: "test", answerBytesMax: 1).write(to: &writer.body)
    #expect(harness.send(writer.finish(.of(.crc32))).count == 1)
    #expect(harness.state.phase == .open)
    #expect(harness.state.checksum.kind == .crc32)
  }

  // MARK: Requests

  @Test func requestsArePipelined() throws {
    var harness = StateHarness()
    let ids: [UInt32] = [7, 3, 900]
    let actions = harness.send(ids.flatMap { Wire.request(Self.count, $0) })
    #expect(actions.map(\.requestID) == ids)
    for id in ids.reversed() { #expect(harness.state.answered(id, now: harness.now) == nil) }
    #expect(harness.send(Wire.request(Self.count, 3)).first?.requestID == 3)
  }

  @Test func anIdIsUsedOnceAtATime() throws {
    var harness = StateHarness()
    harness.send(Wire.request(Self.count, 5))
    let refused = harness.send(Wire.request(Self.count, 5))
    #expect(refused.first?.isRefusal == true)
    #expect(try refused.first?.answers().first?.failure?.code == .badRequest)
    var zero = StateHarness()
    #expect(zero.send(Wire.request(Self.count, 0)).first?.isRefusal == true)
  }

  @Test func tooManyRequestsAreToldAndNotDropped() throws {
    var limits = BinaryLimits()
    limits.requestsMax = 2
    var harness = StateHarness(limits: limits)
    let actions = harness.send((1...3).flatMap { Wire.request(Self.count, $0) })
    #expect(actions.prefix(2).map(\.requestID) == [1, 2])
    #expect(try actions[2].answers().first?.failure?.id == 3)
    #expect(try actions[2].answers().first?.failure?.code == .tooManyRequests)
    _ = harness.state.answered(1, now: harness.now)
    #expect(harness.send(Wire.request(Self.count, 3)).first?.requestID == 3)
  }

  @Test func tooManyBytesAreToldAndTheirFrameIsReadOver() throws {
    var limits = BinaryLimits()
    limits.requestBytesMax = 5000
    var harness = StateHarness(limits: limits)
    let large = Wire.request(Self.upsert(bytes: 3000), 1)
    let actions = harness.send(
      large + Wire.request(Self.upsert(bytes: 3000), 2) + Wire.request(Self.count, 3))
    #expect(actions.map(\.requestID) == [1, nil, 3])
    #expect(try actions[1].answers().first?.failure?.code == .tooManyRequests)
  }

  @Test func theBudgetOfAllConnectionsHolds() throws {
    var harness = StateHarness()
    harness.budgetBytes = 100_000
    let large = Wire.request(Self.upsert(bytes: 70_000), 1)
    #expect(harness.send(large).first?.requestID == 1)
    let second = harness.send(Wire.request(Self.upsert(bytes: 70_000), 2) + Wire.request(Self.count, 3))
    #expect(try second[0].answers().first?.failure?.code == .unavailable)
    #expect(second[1].requestID == 3)
  }

  @Test func aFrameBeyondTheLimitEndsTheConnectionByItsHeader() throws {
    var limits = BinaryLimits()
    limits.frameBytesMax = 1000
    var harness = StateHarness(limits: limits)
    let actions = harness.send(Array(Wire.request(Self.upsert(bytes: 2000), 8).prefix(16)))
    #expect(actions.first?.isRefusal == true)
    #expect(try actions.first?.answers().first?.failure?.id == 8)
    #expect(try actions.first?.answers().first?.failure?.code == .payloadTooLarge)
  }

  @Test func unknownOpcodesAndFlagsAreToldAndTheConnectionGoesOn() throws {
    var harness = StateHarness()
    var unknown = Wire.frame(.ping, 4) { $0.raw([1, 2]) }
    unknown[8] = 0x7F
    let sum = Wire.checksum.update(0, unknown.span.extracting(4...))
    for index in 0..<4 { unknown[index] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * index)) }
    let flagged = Wire.frame(.count, flags: 1, 5) { Self.count.write(to: &$0) }
    let actions = harness.send(unknown + flagged + Wire.request(Self.count, 6))
    #expect(
      try actions.flatMap { try $0.answers() }.map { $0.failure?.code } == [.notImplemented, .notImplemented])
    #expect(actions.last?.requestID == 6)
  }

  @Test(arguments: [Opcode.result, .error, .welcome, .pong, .streamOpened, .acknowledgement, .streamClosed])
  func aServersFrameFromAClientEndsTheConnection(opcode: Opcode) {
    var harness = StateHarness()
    #expect(harness.send(Wire.frame(opcode, 1)).first?.isRefusal == true)
  }

  @Test func pingsAreEchoed() throws {
    var harness = StateHarness()
    let actions = harness.send(Wire.frame(.ping, 77) { $0.raw([9, 8]) })
    #expect(try actions.first?.answers() == [.pong(77, [9, 8])])
    #expect(harness.send(Wire.frame(.ping, 1) { $0.raw([UInt8](repeating: 0, count: 65)) })[0].isRefusal)
  }

  // MARK: Ends

  @Test func aGoodbyeIsAnsweredBehindTheLastAnswer() {
    var harness = StateHarness()
    harness.send(Wire.request(Self.count, 1) + Wire.request(Self.count, 2))
    #expect(harness.send(Wire.frame(.goodbye, 0)).isEmpty)
    #expect(harness.state.phase == .leaving)
    #expect(harness.state.answered(2, now: harness.now) == nil)
    #expect(harness.state.answered(1, now: harness.now) == .finish)
  }

  @Test func aHalfClosedPeerStillGetsItsAnswers() {
    var harness = StateHarness()
    harness.send(Wire.request(Self.count, 1))
    #expect(harness.state.inputClosed(now: harness.now) == nil)
    #expect(harness.state.answered(1, now: harness.now) == .finish)
    var idle = StateHarness()
    #expect(idle.state.inputClosed(now: idle.now) == .finish)
    var cut = StateHarness()
    cut.send(Array(Wire.request(Self.count, 1).dropLast()))
    #expect(cut.state.inputClosed(now: cut.now) == .close)
  }

  @Test func aStoppingServerSaysGoodbyeAndFinishesWhatItHas() throws {
    var harness = StateHarness()
    harness.send(Wire.request(Self.count, 1))
    let error = RequestError(.unavailable, "stopping")
    #expect(
      try harness.state.quiesce(error, now: harness.now).flatMap { try $0.answers() } == [.goodbye(error)])
    let refused = harness.send(Wire.request(Self.count, 2))
    #expect(try refused.first?.answers().first?.failure?.code == .unavailable)
    #expect(harness.state.answered(1, now: harness.now) == .finish)
    var idle = StateHarness()
    #expect(idle.state.quiesce(error, now: idle.now).last == .finish)
  }

  // MARK: Time

  @Test func aSilentStrangerIsCutOff() throws {
    var before = StateHarness(isOpen: false)
    #expect(before.pass(.seconds(9)) == nil)
    #expect(before.pass(.seconds(1)) == .close)
    var between = StateHarness(isOpen: false)
    between.send(Preface.client(.crc32c).bytes)
    #expect(try between.pass(.seconds(10))?.answers().first?.failure?.code == .timeout)
    #expect(between.pass(.seconds(2)) == .close)
  }

  @Test func anIdleConnectionIsCutOffUnlessItPings() throws {
    var harness = StateHarness()
    #expect(harness.pass(.seconds(100)) == nil)
    harness.send(Wire.frame(.ping, 1))
    #expect(harness.pass(.seconds(100)) == nil)
    #expect(try harness.pass(.seconds(20))?.answers().first?.failure?.code == .timeout)
  }

  @Test func aConnectionThatAwaitsAnAnswerIsNotIdle() {
    var harness = StateHarness()
    harness.send(Wire.request(Self.count, 1))
    #expect(harness.state.deadline == nil)
    #expect(harness.pass(.hours(1)) == nil)
    _ = harness.state.answered(1, now: harness.now)
    #expect(harness.pass(.seconds(119)) == nil)
    #expect(harness.pass(.seconds(1)) != nil)
  }

  @Test func aFrameThatTricklesIsCutOff() throws {
    for prefix in [1, 15, 16, 20] {
      var harness = StateHarness()
      let text = Wire.request(Self.upsert(bytes: 100), 1)
      harness.send(Array(text.prefix(prefix)))
      var answer: BinaryConnectionState.Action?
      for index in 0..<13 where answer == nil {
        answer = harness.pass(.seconds(5))
        if answer == nil { harness.send([text[prefix + index]]) }
      }
      #expect(try answer?.answers().first?.failure?.code == .timeout, "\(prefix)")
    }
  }

  @Test func aPeerThatNeverReadsIsCutOff() {
    var harness = StateHarness()
    harness.send(Wire.request(Self.count, 1))
    harness.state.writability(false, now: harness.now)
    #expect(harness.pass(.seconds(60)) == nil)
    harness.state.writability(true, now: harness.now)
    harness.state.writability(false, now: harness.now)
    #expect(harness.pass(.seconds(119)) == nil)
    #expect(harness.pass(.seconds(1)) == .close)
  }
}
