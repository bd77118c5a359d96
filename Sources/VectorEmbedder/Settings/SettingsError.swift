/// Why the worker does not start with the settings it was given.
package struct SettingsError: Error, Equatable, CustomStringConvertible, Sendable {
  package var message: String

  package init(_ message: String) { self.message = message }

  package var description: String { message }
}
