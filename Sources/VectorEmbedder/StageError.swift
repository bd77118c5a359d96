/// Why a stage gave no result for a video, or why the worker cannot start.
package struct StageError: Error, Sendable, Equatable, CustomStringConvertible {
  package var stage: Stage
  /// Names the thing, the value and the limit.
  package var reason: String
  /// The last lines that a child process wrote to its standard error.
  package var standardErrorTail = ""
  /// Whether trying again later may help: only the server's faults do.
  package var isTransient = false

  package init(
    _ stage: Stage, _ reason: String, standardErrorTail: String = "", isTransient: Bool = false
  ) {
    self.stage = stage
    self.reason = reason
    self.standardErrorTail = standardErrorTail
    self.isTransient = isTransient
  }

  package var description: String {
    standardErrorTail.isEmpty ? "\(stage): \(reason)" : "\(stage): \(reason)\n\(standardErrorTail)"
  }
}

/// The steps from a file to a point, in their order.
package enum Stage: String, Sendable, CaseIterable, Codable, CustomStringConvertible {
  case settings
  case read
  case probe
  case decode
  case speech
  case screen
  case video
  case text
  case language
  case sentiment
  case upload

  package var description: String { rawValue }
}
