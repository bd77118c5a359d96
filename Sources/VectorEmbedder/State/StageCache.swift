import FoundationEssentials

/// Results of single stages, so that a changed setting or a restart repeats only what it must.
package struct StageCache: Sendable {
  private let directory: String

  package init(directory: String) { self.directory = directory }

  /// What `stage` found for this content under this key; nil where it has not run, or the file is damaged.
  package func value<Value: Decodable>(
    _ type: Value.Type, _ content: ContentHash, _ stage: Stage, key: String
  ) -> Value? {
    guard let bytes = try? Files.bytes(at: path(content, stage, key), stage: stage) else { return nil }
    return (try? JSONDecoder().decode(Box<Value>.self, from: Data(bytes)))?.value
  }

  package func store(
    _ value: some Encodable, _ content: ContentHash, _ stage: Stage, key: String
  ) throws(StageError) {
    let path = path(content, stage, key)
    try Files.makeDirectory(folder(content), stage: stage)
    let data: Data
    do {
      data = try JSONEncoder().encode(Box(value: value))
    } catch {
      throw StageError(stage, "the result cannot be cached: \(error)")
    }
    try Files.write(Array(data), to: path, stage: stage)
  }

  /// Forgets everything about a content.
  package func remove(_ content: ContentHash) { Files.remove(folder(content)) }

  private func folder(_ content: ContentHash) -> String {
    "\(directory)/\(content.hex.prefix(2))/\(content.hex)"
  }

  private func path(_ content: ContentHash, _ stage: Stage, _ key: String) -> String {
    "\(folder(content))/\(stage)-\(ContentHash.sha256(of: [key]).hex.prefix(16)).json"
  }

  fileprivate struct Box<Value> { var value: Value }
}

extension StageCache.Box: Encodable where Value: Encodable {}
extension StageCache.Box: Decodable where Value: Decodable {}
