/// The one error that crosses module borders: a code of the table below and a message for the caller.
///
/// The message names the thing, the value and the limit.
package struct RequestError: Error, Equatable, Sendable {
  /// Why a request failed; each code has one HTTP status and one status byte of the binary protocol.
  package enum Code: UInt8, Sendable, CaseIterable {
    case badRequest = 1
    case unauthorized = 2
    case forbidden = 3
    case notFound = 4
    case methodNotAllowed = 5
    case timeout = 6
    case alreadyExists = 7
    case payloadTooLarge = 8
    case validation = 9
    case tooManyRequests = 10
    case notImplemented = 11
    case internalError = 12
    case unavailable = 13
    case insufficientStorage = 14
  }

  package var code: Code
  package var message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// Status 400 for input that does not fit the request's form: `Bad request: …`.
  package static func badRequest(_ message: String) -> RequestError {
    RequestError(.badRequest, "Bad request: " + message)
  }

  /// Status 400 for input that does not fit the collection: `Wrong input: …`.
  package static func wrongInput(_ message: String) -> RequestError {
    RequestError(.badRequest, "Wrong input: " + message)
  }

  /// Status 400 for text that is not the JSON of its schema: `Format error in JSON body: …`.
  package static func format(_ message: String) -> RequestError {
    RequestError(.badRequest, "Format error in JSON body: " + message)
  }

  /// Status 422 for well-formed JSON whose values are out of bounds: `Validation error in JSON body: …`.
  package static func validation(_ message: String) -> RequestError {
    RequestError(.validation, "Validation error in JSON body: " + message)
  }

  package static func notFound(_ message: String) -> RequestError {
    RequestError(.notFound, "Not found: " + message)
  }

  package static func alreadyExists(_ message: String) -> RequestError {
    RequestError(.alreadyExists, "Wrong input: " + message)
  }

  /// Status 501 for a key or operation of the schema that this server does not have yet.
  package static func notImplemented(_ feature: String) -> RequestError {
    RequestError(.notImplemented, "Not implemented: \(feature) is not supported yet")
  }

  private static let internalErrorPrefix = "Service internal error: "

  /// Status 500: damage, a failed sync, or a broken promise of this server.
  package static func internalError(_ message: String) -> RequestError {
    RequestError(.internalError, internalErrorPrefix + message)
  }

  /// The message without "Service internal error", which says nothing where no client is told.
  package var reason: String {
    message.hasPrefix(Self.internalErrorPrefix)
      ? String(message.dropFirst(Self.internalErrorPrefix.count)) : message
  }

  package static func timeout(_ message: String) -> RequestError {
    RequestError(.timeout, "Timeout: " + message)
  }

  /// The HTTP status that answers this code.
  package var httpStatus: Int {
    switch code {
    case .badRequest: 400
    case .unauthorized: 401
    case .forbidden: 403
    case .notFound: 404
    case .methodNotAllowed: 405
    case .timeout: 408
    case .alreadyExists: 409
    case .payloadTooLarge: 413
    case .validation: 422
    case .tooManyRequests: 429
    case .internalError: 500
    case .notImplemented: 501
    case .unavailable: 503
    case .insufficientStorage: 507
    }
  }
}
