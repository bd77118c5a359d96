import Testing
import VectorModel

@testable import VectorEngine

/// What waits for the store, against a plain dictionary.
@Suite struct PendingPointsTests {
  private struct Model: Equatable {
    var versions: [UInt64: UInt64] = [:]
    var removals: Set<UInt64> = []
  }

  private func model(_ pending: PendingPoints) -> Model {
    var numbers: [UInt64] = []
    var model = Model(removals: Set(pending.removals.keys))
    pending.forEach { number, entry in
      numbers.append(number)
      model.versions[number] = entry.version
    }
    #expect(numbers == numbers.sorted() && numbers.count == pending.entriesCount)
    return model
  }

  /// Points come, change and go while commits take over what was there when they began.
  @Test(arguments: 1...4) func commitsTakeOverWhatHasNotChangedSince(seed: UInt64) {
    var random = SplitMix(seed: seed)
    var pending = PendingPoints()
    var expected = Model()
    var begun: (PendingPoints, Model)?
    // The store has older points, and their numbers are far below.
    var next = UInt64(1_000_000)
    for version in 1...2000 as ClosedRange<UInt64> {
      switch Int.random(in: 0..<20, using: &random) {
      case 0..<11:
        if Int.random(in: 0..<50, using: &random) == 0 { next += UInt64.random(in: 1...500, using: &random) }
        put(next, version, &pending, &expected, isNew: true)
        next += 1
      case 11..<14: put(UInt64.random(in: 1..<200, using: &random), version, &pending, &expected)
      case 14..<16: put(UInt64.random(in: (next - 100)..<next, using: &random), version, &pending, &expected)
      case 16..<18:
        let number = UInt64.random(in: (next - 100)..<next, using: &random)
        pending.remove(number: number, id: .number(number))
        expected.versions[number] = nil
        expected.removals.insert(number)
      default:
        if let (committed, old) = begun {
          pending.drop(committed)
          expected.versions = expected.versions.filter { old.versions[$0.key] != $0.value }
          expected.removals.subtract(old.removals)
          begun = nil
        } else {
          begun = (pending, expected)
        }
        #expect(model(pending) == expected, "seed \(seed), version \(version)")
      }
    }
    for number in expected.versions.keys { #expect(pending[number]?.version == expected.versions[number]) }
    #expect(pending[next] == nil && pending[500] == nil)
    let committed = pending
    pending.drop(committed)
    #expect(pending.isEmpty && pending.byteCount == 0, "seed \(seed)")
  }

  private func put(
    _ number: UInt64, _ version: UInt64, _ pending: inout PendingPoints, _ model: inout Model,
    isNew: Bool = false
  ) {
    pending.put(
      PendingPoints.Entry(
        id: .number(number), version: version, payload: [UInt8](repeating: 1, count: Int(version % 7)),
        vectorsByteCount: version % 2 == 0 ? nil : 8), number: number, isNew: isNew)
    model.versions[number] = version
  }
}
