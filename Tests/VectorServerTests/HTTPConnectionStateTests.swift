import NIOCore
import Testing

@testable import VectorServer

@Suite("The state machine of an HTTP connection")
struct HTTPConnectionStateTests {
  static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
  static let limits = {
    var limits = HTTPLimits()
    limits.bodyBytesMax = 100
    return limits
  }()
  var state = HTTPConnectionState(limits: limits, now: start)

  private func head(
    _ framing: HTTPConnectionState.Head.Framing, isKeepAlive: Bool = true, expectsContinue: Bool = false
  ) -> HTTPConnectionState.Head {
    var head = HTTPConnectionState.Head()
    head.framing = framing
    head.isKeepAlive = isKeepAlive
    head.expectsContinue = expectsContinue
    return head
  }

  private func seconds(_ count: Int64) -> NIODeadline { Self.start + .seconds(count) }

  @Test mutating func aRequestWithoutBodyIsDispatchedAndTheNextAwaited() {
    state.bytesArrived(now: Self.start)
    #expect(state.phase == .receivingHead)
    #expect(
      state.receivedHead(head(.none), isRefused: false, now: Self.start) == .receive(sendContinue: false))
    #expect(state.receivedEnd(now: Self.start) == .dispatch(ByteBuffer()))
    #expect(state.phase == .handling)
    #expect(state.deadline == nil)
    #expect(state.responded(byteCount: 10, now: Self.start) == .send(isKeepAlive: true))
    #expect(state.sent(now: Self.start) == .awaitRequest)
    #expect(state.phase == .idle)
  }

  @Test mutating func partsOfABodyAreJoined() {
    _ = state.receivedHead(head(.chunked), isRefused: false, now: Self.start)
    for part in ["one ", "two ", "three"] {
      #expect(state.receivedBody(ByteBuffer(string: part)) == .none)
    }
    #expect(state.receivedEnd(now: Self.start) == .dispatch(ByteBuffer(string: "one two three")))
  }

  @Test mutating func anAnnouncedBodyOverTheLimitIsRefusedAtOnce() {
    #expect(state.receivedHead(head(.length(101)), isRefused: false, now: Self.start) == .refuseTooLarge)
    #expect(state.responded(byteCount: 1, now: Self.start) == .send(isKeepAlive: true))
  }

  @Test mutating func aBodyOfTheLimitIsTaken() {
    _ = state.receivedHead(head(.length(100)), isRefused: false, now: Self.start)
    #expect(state.receivedBody(ByteBuffer(repeating: 1, count: 100)) == .none)
    #expect(state.receivedEnd(now: Self.start) == .dispatch(ByteBuffer(repeating: 1, count: 100)))
  }

  @Test mutating func aChunkedBodyIsRefusedWhenItPassesTheLimit() {
    _ = state.receivedHead(head(.chunked), isRefused: false, now: Self.start)
    #expect(state.receivedBody(ByteBuffer(repeating: 1, count: 100)) == .none)
    #expect(state.receivedBody(ByteBuffer(repeating: 1, count: 1)) == .refuseTooLarge)
    #expect(state.responded(byteCount: 1, now: Self.start) == .send(isKeepAlive: false))
    #expect(state.sent(now: Self.start) == .closeOutput)
    #expect(state.phase == .lingering)
    #expect(state.receivedBody(ByteBuffer(repeating: 1, count: 500)) == .none)
    #expect(state.inputClosed() == true)
  }

  @Test mutating func theRestOfASmallRefusedRequestIsDiscarded() {
    #expect(state.receivedHead(head(.length(50)), isRefused: true, now: Self.start) == .refuse)
    #expect(state.responded(byteCount: 1, now: Self.start) == .send(isKeepAlive: true))
    #expect(state.sent(now: Self.start) == .awaitRequest)
    #expect(state.phase == .discarding)
    #expect(state.receivedBody(ByteBuffer(repeating: 1, count: 50)) == .none)
    #expect(state.receivedEnd(now: Self.start) == .none)
    #expect(state.phase == .idle)
  }

  @Test mutating func aRefusedUploadEndsTheConnection() {
    for framing in [HTTPConnectionState.Head.Framing.length(HTTPLimits.discardBytesMax + 1), .chunked] {
      var state = state
      #expect(state.receivedHead(head(framing), isRefused: true, now: Self.start) == .refuse)
      #expect(state.responded(byteCount: 1, now: Self.start) == .send(isKeepAlive: false))
      #expect(state.sent(now: Self.start) == .closeOutput)
    }
  }

  @Test mutating func continueIsSaidOnlyToThoseWhoAwaitItForABody() {
    var refused = state
    let waiting = head(.length(10), expectsContinue: true)
    #expect(state.receivedHead(waiting, isRefused: false, now: Self.start) == .receive(sendContinue: true))
    #expect(refused.receivedHead(waiting, isRefused: true, now: Self.start) == .refuse)
    #expect(refused.responded(byteCount: 1, now: Self.start) == .send(isKeepAlive: false))
    var bodiless = HTTPConnectionState(limits: Self.limits, now: Self.start)
    #expect(
      bodiless.receivedHead(head(.none, expectsContinue: true), isRefused: false, now: Self.start)
        == .receive(sendContinue: false))
  }

  @Test mutating func aRequestThatWantsNoOtherClosesBehindItsAnswer() {
    _ = state.receivedHead(head(.none, isKeepAlive: false), isRefused: false, now: Self.start)
    _ = state.receivedEnd(now: Self.start)
    #expect(state.responded(byteCount: 1, now: Self.start) == .send(isKeepAlive: false))
    #expect(state.sent(now: Self.start) == .close)
    #expect(state.phase == .closed)
  }

  @Test mutating func aPeerThatClosesItsHalfStillGetsItsAnswer() {
    _ = state.receivedHead(head(.none), isRefused: false, now: Self.start)
    _ = state.receivedEnd(now: Self.start)
    #expect(state.inputClosed() == false)
    #expect(state.responded(byteCount: 1, now: Self.start) == .send(isKeepAlive: false))
    #expect(state.sent(now: Self.start) == .close)
  }

  @Test mutating func aPeerThatClosesWithinItsBodyIsClosed() {
    _ = state.receivedHead(head(.length(50)), isRefused: false, now: Self.start)
    #expect(state.inputClosed() == true)
  }

  @Test mutating func anAnswerBehindACloseIsDropped() {
    _ = state.receivedHead(head(.none), isRefused: false, now: Self.start)
    _ = state.receivedEnd(now: Self.start)
    state.closed()
    #expect(state.responded(byteCount: 1, now: Self.start) == .drop)
    #expect(state.sent(now: Self.start) == .none)
    #expect(state.timer(now: .distantFuture) == .none)
  }

  @Test mutating func silenceIsClosedAfterTheIdleTimeout() {
    #expect(state.timer(now: seconds(119)) == .none)
    #expect(state.timer(now: seconds(120)) == .close)
    #expect(state.timer(now: seconds(121)) == .none)
  }

  @Test mutating func aHeadThatTricklesIsClosedAfterTheHeadTimeout() {
    state.bytesArrived(now: seconds(100))
    state.bytesArrived(now: seconds(109))
    #expect(state.timer(now: seconds(109)) == .none)
    #expect(state.timer(now: seconds(110)) == .close)
  }

  @Test mutating func aBodyThatTricklesIsAnswered408() {
    _ = state.receivedHead(head(.length(50)), isRefused: false, now: Self.start)
    _ = state.receivedBody(ByteBuffer(string: "x"))
    #expect(state.timer(now: seconds(59)) == .none)
    #expect(state.timer(now: seconds(60)) == .refuseTimeout)
    #expect(state.responded(byteCount: 1, now: seconds(60)) == .send(isKeepAlive: false))
  }

  @Test mutating func eachMebibyteGivesABodyMoreTime() {
    var limits = HTTPLimits()
    limits.bodyBytesMax = 8 << 20
    var state = HTTPConnectionState(limits: limits, now: Self.start)
    _ = state.receivedHead(head(.length(4 << 20)), isRefused: false, now: Self.start)
    _ = state.receivedBody(ByteBuffer(repeating: 0, count: 2 << 20))
    #expect(state.deadline == seconds(180))
  }

  @Test mutating func aPeerThatTakesNoAnswerIsClosed() {
    _ = state.receivedHead(head(.none), isRefused: false, now: Self.start)
    _ = state.receivedEnd(now: Self.start)
    #expect(state.timer(now: .distantFuture) == .none, "the engine has timeouts of its own")
    _ = state.responded(byteCount: 1, now: seconds(1000))
    #expect(state.timer(now: seconds(1059)) == .none)
    #expect(state.timer(now: seconds(1060)) == .close)
  }

  @Test mutating func garbageIsAnsweredOnlyWhereNoAnswerIsUnderWay() {
    var handling = state
    _ = handling.receivedHead(head(.none), isRefused: false, now: Self.start)
    _ = handling.receivedEnd(now: Self.start)
    #expect(handling.receivedGarbage() == false)
    #expect(handling.responded(byteCount: 1, now: Self.start) == .send(isKeepAlive: false))

    #expect(state.receivedGarbage() == true)
    #expect(state.responded(byteCount: 1, now: Self.start) == .send(isKeepAlive: false))
    #expect(state.sent(now: Self.start) == .closeOutput)
  }

  /// Any order of events keeps the promises: an answer is sent only for a request, a body never passes the limit.
  @Test(arguments: 0..<200) func anyOrderOfEventsIsSurvived(seed: UInt64) {
    var random = SplitMix(state: seed)
    var state = HTTPConnectionState(limits: Self.limits, now: Self.start)
    var now = Self.start
    var open = 0
    for _ in 0..<200 {
      now = now + .milliseconds(Int64(random.next() % 5000))
      switch random.next() % 9 {
      case 0: state.bytesArrived(now: now)
      case 1:
        let framings: [HTTPConnectionState.Head.Framing] = [.none, .length(50), .length(500), .chunked]
        let action = state.receivedHead(
          head(framings[Int(random.next() % 4)], isKeepAlive: random.next() % 4 != 0),
          isRefused: random.next() % 4 == 0, now: now)
        if action != .none { open = 1 }
      case 2: _ = state.receivedBody(ByteBuffer(repeating: 0, count: Int(random.next() % 60)))
      case 3, 4:
        if case .dispatch(let body) = state.receivedEnd(now: now) {
          #expect(body.readableBytes <= Self.limits.bodyBytesMax, "seed \(seed)")
        }
      case 5, 6:
        if case .send = state.responded(byteCount: 10, now: now) {
          #expect(open == 1, "seed \(seed)")
          open = 0
        }
      case 7: _ = state.sent(now: now)
      default:
        if state.timer(now: now) == .close { state.closed() }
      }
    }
  }
}

/// Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (2014).
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
