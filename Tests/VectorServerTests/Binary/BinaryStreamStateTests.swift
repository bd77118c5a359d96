import NIOCore
import Testing
import VectorModel

@testable import VectorServer

@Suite struct BinaryStreamStateTests {
  @Test func aStreamGetsTheWindowThatItAsksForWithinTheLimits() throws {
    for (asked, granted) in [(1, 65_536), (100_000, 100_000), (1 << 30, 16 << 20)] {
      var harness = StateHarness()
      let actions = harness.send(Wire.openStream(5, windowBytes: UInt32(asked)))
      #expect(try actions.first?.answers() == [.streamOpened(5, window: UInt32(granted))])
    }
  }

  @Test func chunksUseUpTheCreditAndAcknowledgementsGiveItBack() throws {
    var harness = StateHarness()
    harness.send(Wire.openStream(5))
    let chunk = Wire.chunk(5, 1, ids: Array(0..<4000))
    #expect(harness.send(chunk + chunk).count == 2)
    harness.state.acknowledged(stream: 5, bytes: chunk.count, now: harness.now)
    #expect(harness.send(chunk).count == 1)
    #expect(harness.send(chunk).first?.isRefusal == true)
  }

  @Test func chunksOfAStreamThatEndedAreReadOver() {
    var harness = StateHarness()
    harness.send(Wire.openStream(5))
    #expect(harness.state.streamEnded(5, now: harness.now) == nil)
    #expect(harness.send(Wire.chunk(5, 1) + Wire.frame(.closeStream, 5)).isEmpty)
    #expect(harness.send(Wire.frame(.ping, 1)).count == 1)
  }

  @Test func aClosedStreamTakesNoChunks() {
    var harness = StateHarness()
    harness.send(Wire.openStream(5))
    #expect(harness.send(Wire.frame(.closeStream, 5)) == [.closeStream(id: 5)])
    #expect(harness.send(Wire.chunk(5, 1)).first?.isRefusal == true)
  }

  @Test func streamsAreBounded() throws {
    var limits = BinaryLimits()
    limits.streamsMax = 1
    var harness = StateHarness(limits: limits)
    let actions = harness.send(Wire.openStream(5) + Wire.openStream(6))
    #expect(try actions[1].answers().first?.failure?.code == .tooManyRequests)
    var poor = StateHarness()
    poor.budgetBytes = 1000
    #expect(try poor.send(Wire.openStream(5)).first?.answers().first?.failure?.code == .unavailable)
    #expect(poor.send(Wire.request(.listCollections, 5)).first?.requestID == 5)
  }

  @Test func aStreamKeepsALeavingConnectionOpenUntilItsEnd() {
    var harness = StateHarness()
    harness.send(Wire.openStream(5) + Wire.chunk(5, 1) + Wire.frame(.goodbye, 0))
    #expect(harness.state.phase == .leaving)
    #expect(harness.state.streamEnded(5, now: harness.now) == .finish)
  }

  @Test func aStreamWithNothingUnderWayIsIdle() {
    var harness = StateHarness()
    harness.send(Wire.openStream(5))
    let chunk = Wire.chunk(5, 1)
    harness.send(chunk)
    #expect(harness.pass(.hours(1)) == nil)
    harness.state.acknowledged(stream: 5, bytes: chunk.count, now: harness.now)
    #expect(harness.pass(.seconds(120)) != nil)
  }
}
