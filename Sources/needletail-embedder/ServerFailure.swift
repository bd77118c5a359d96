import VectorModel

/// What the server said no with, in words for people.
struct ServerFailure: Error, CustomStringConvertible {
  let description: String

  /// Runs a command's work and gives the server's refusals as such.
  static func named<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let error as RequestError {
      throw ServerFailure(description: error.message)
    }
  }
}
