import NIOCore
import VectorModel

@testable import VectorServer

/// A connection's state machine with a clock that the test moves.
struct StateHarness {
  var state: BinaryConnectionState
  var now = NIODeadline.uptimeNanoseconds(1)
  /// What the budget of all connections has left.
  var budgetBytes = Int.max

  init(
    keys: AccessKeys = AccessKeys(), limits: BinaryLimits = BinaryLimits(), isOverLimit: Bool = false,
    isOpen: Bool = true
  ) {
    state = BinaryConnectionState(limits: limits, keys: keys, isOverLimit: isOverLimit, now: now)
    if isOpen { send(Wire.opening()) }
  }

  @discardableResult
  mutating func send(_ bytes: [UInt8]) -> [BinaryConnectionState.Action] {
    var actions: [BinaryConnectionState.Action] = []
    var offset = 0
    var budgetBytes = budgetBytes
    while let action = state.next(
      bytes.span, &offset, now: now,
      reserve: {
        guard $0 <= budgetBytes else { return false }
        budgetBytes -= $0
        return true
      })
    {
      actions.append(action)
    }
    self.budgetBytes = budgetBytes
    return actions
  }

  mutating func pass(_ time: TimeAmount) -> BinaryConnectionState.Action? {
    now = now + time
    return state.timer(now: now)
  }
}

extension BinaryConnectionState.Action {
  /// What the client is told by this.
  func answers(hasPreface: Bool = false) throws -> [Wire.Answer] {
    switch self {
    case .send(let bytes), .refuse(let bytes), .openStream(_, _, _, let bytes):
      try Wire.answers(bytes, hasPreface: hasPreface)
    case .request, .chunk, .closeStream, .finish, .close: []
    }
  }

  var isRefusal: Bool { if case .refuse = self { true } else { false } }
  var requestID: UInt32? { if case .request(let id, _, _) = self { id } else { nil } }
}
