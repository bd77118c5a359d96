/// Why a stage gave no result for a video, or why the worker cannot start.
package struct StageError: Error, Sendable, Equatable, CustomStringConvertible {
  package var stage: Stage
  /// Names the thing, the value and the limit.
  package var reason: String
  /// The last lines that a child process wrote to its standard error.
  package var standardErrorTail = ""
  /// Whether the server is at fault, or the worker was stopped: no video gets the blame, and the run ends.
  package var isOfServer = false

  package init(
    _ stage: Stage, _ reason: String, standardErrorTail: String = "", isOfServer: Bool = false
  ) {
    self.stage = stage
    self.reason = reason
    self.standardErrorTail = standardErrorTail
    self.isOfServer = isOfServer
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
