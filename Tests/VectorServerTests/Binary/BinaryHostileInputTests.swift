import NIOCore
import Testing
import VectorModel

@testable import VectorServer

/// Whatever comes in, the state machine ends in a state from which nothing more is done.
@Suite struct BinaryHostileInputTests {
  private static let conversation: [UInt8] =
    Wire.opening() + Wire.request(.count(collection: "c", CountRequest()), 2) + Wire.frame(.ping, 3)
    + Wire.openStream(4) + Wire.chunk(4, 1) + Wire.frame(.closeStream, 4)

  private static func actions(_ bytes: [UInt8], size: Int? = nil) -> [BinaryConnectionState.Action] {
    var harness = StateHarness(isOpen: false)
    let size = size ?? bytes.count
    return stride(from: 0, to: bytes.count, by: max(1, size)).flatMap {
      harness.send(Array(bytes[$0..<min($0 + size, bytes.count)]))
    }
  }

  @Test func piecesMakeNoDifference() {
    let whole = Self.actions(Self.conversation)
    #expect(whole.count == 7)
    for size in 1...50 { #expect(Self.actions(Self.conversation, size: size) == whole, "size \(size)") }
  }

  @Test func everyTruncationGivesABeginning() {
    let whole = Self.actions(Self.conversation)
    for length in Self.conversation.indices {
      #expect(whole.starts(with: Self.actions(Array(Self.conversation[..<length]))), "length \(length)")
    }
  }

  /// A flipped byte changes nothing that was done before it, and nothing of its frame or behind it is done.
  @Test func everyFlippedByteIsFoundOrWaitedFor() {
    let whole = Self.actions(Self.conversation)
    for index in Self.conversation.indices {
      for bit in 0..<8 {
        var flipped = Self.conversation
        flipped[index] ^= 1 << UInt8(bit)
        let actions = Self.actions(flipped)
        let undisturbed = actions.prefix { action in
          switch action {
          case .refuse, .close: false
          default: true
          }
        }
        let isHeaderAnswer = actions.last.map { $0.isRefusal || $0 == .close } ?? true
        // The lowest and highest version stand in the preface, and others than ours may include it.
        if (8..<12).contains(index) { continue }
        if undisturbed.count == actions.count {
          // A longer length waits for bytes; an unknown opcode or a set flag is answered before its checksum is known.
          #expect(actions.count <= whole.count, "byte \(index) bit \(bit)")
        } else {
          #expect(isHeaderAnswer, "byte \(index) bit \(bit)")
        }
        let requests = undisturbed.filter { if case .send = $0 { false } else { true } }
        #expect(requests.allSatisfy(whole.contains), "byte \(index) bit \(bit)")
      }
    }
  }

  @Test func randomFramesAreSurvived() {
    var random = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: 0...(.max), using: &random)
    var state = seed
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    for _ in 0..<3000 {
      var harness = StateHarness()
      for _ in 0..<4 {
        let opcodes = Opcode.allCases
        let opcode = opcodes[Int(next()) % opcodes.count]
        let body = (0..<(next() % 40)).map { _ in UInt8(truncatingIfNeeded: next()) }
        let actions = harness.send(Wire.frame(opcode, UInt32(next() % 4)) { $0.raw(body) })
        if harness.state.phase == .lingering {
          #expect(harness.send(Wire.frame(.ping, 1)).isEmpty, "seed \(seed)")
        }
        for action in actions {
          if case .request(let id, let opcode, let body) = action {
            _ = try? Request(opcode, body: body)
            _ = harness.state.answered(id, now: harness.now)
          }
        }
      }
    }
  }
}
