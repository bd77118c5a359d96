import VectorModel
import VectorStorage

/// Holds what a snapshot brings to what the server itself would have written.
///
/// The checksums of a file say that it is whole, not who made it: an upload may be anybody's.
struct SnapshotContents {
  /// The configuration after the operations that were checked.
  private var configuration: CollectionConfiguration
  private var versionMax: UInt64 = 0

  init(_ configuration: CollectionConfiguration) { self.configuration = configuration }

  /// Vectors of other names or shapes stay out of the collection when it is opened, so they may be there.
  /// - Throws: `badRequest` naming the point.
  mutating func check(_ point: SnapshotPoint) throws(RequestError) {
    versionMax = max(versionMax, point.version)
    var reader = ByteReader(point.vectors)
    let vectors = try reader.vectors()
    guard reader.isAtEnd else { throw reader.malformed("\(reader.remaining) bytes too many") }
    for entry in vectors.entries {
      guard let shape = entry.value.denseShape, let values = entry.value.denseValues else {
        throw Self.kind(entry.name, point.id)
      }
      guard let parameters = configuration.vector(named: entry.name),
        shape == (parameters.element, parameters.dimension)
      else { continue }
      _ = try parameters.checked(values, "point \(point.id)")
    }
  }

  /// - Throws: `badRequest` naming the point whose vectors the collection cannot have.
  mutating func check(_ effect: Record.Effect) throws(RequestError) {
    switch effect {
    case .putPoints(let points): for point in points { try check(point.vectors, of: point.id) }
    case .putVectors(let changes): for change in changes { try check(change.vectors, of: change.id) }
    case .configure(let new): configuration = new
    case .nothing, .deletePoints, .changePayload, .deleteVectors: break
    }
  }

  private func check(_ vectors: NamedVectors, of id: PointID) throws(RequestError) {
    for (index, entry) in vectors.entries.enumerated() {
      guard !vectors.entries[..<index].contains(where: { $0.name == entry.name }) else {
        throw .badRequest("the snapshot has the vector `\(entry.name)` of point \(id) twice")
      }
      guard let parameters = configuration.vector(named: entry.name) else {
        throw .badRequest("the snapshot has a vector `\(entry.name)` of point \(id), the collection has none")
      }
      guard let element = entry.value.denseShape?.element, let values = entry.value.denseValues else {
        throw Self.kind(entry.name, id)
      }
      guard element == parameters.element else {
        throw .badRequest(
          "the snapshot has the vector `\(entry.name)` of point \(id) as \(element), the collection keeps "
            + "\(parameters.element)")
      }
      _ = try parameters.checked(values, "point \(id)")
    }
  }

  /// Compares the sequences of points and operations with the summary's.
  func check(_ origin: SnapshotOrigin, _ summary: SnapshotSummary) throws(RequestError) {
    guard origin.startSequence <= summary.settledSequence, summary.settledSequence <= summary.sequence,
      versionMax <= summary.settledSequence
    else {
      throw .badRequest(
        "the snapshot has points up to operation \(versionMax), begins at \(origin.startSequence), settles at "
          + "\(summary.settledSequence) and ends at \(summary.sequence), which cannot be")
    }
  }

  private static func kind(_ name: String, _ id: PointID) -> RequestError {
    .badRequest("the snapshot has a sparse or multi vector `\(name)` of point \(id), which no collection has")
  }
}

/// The order of a snapshot's sections: of each collection one `collection`, points, removals, operations and one
/// `summary`; of the whole storage the aliases behind them.
struct SnapshotOrder {
  private var last: SnapshotSection?

  /// - Throws: `badRequest` where no item of `next` may follow.
  mutating func follow(_ next: SnapshotSection) throws(RequestError) {
    let isInOrder =
      switch (last, next) {
      case (nil, .collection), (nil, .aliases), (.summary, .collection), (.summary, .aliases): true
      case (nil, _), (.summary, _), (.aliases, _), (_, .aliases), (_, .end): false
      case (.points, .points), (.operations, .operations): true
      case (let last?, let next): next.rawValue > last.rawValue
      }
    guard isInOrder else {
      throw .badRequest("the snapshot has \(next) behind \(last.map { "\($0)" } ?? "nothing")")
    }
    last = next
  }

  /// - Throws: `badRequest` where something is missing at the end.
  func finish() throws(RequestError) {
    guard last == .summary || last == .aliases else {
      throw .badRequest("the snapshot ends behind \(last.map { "\($0)" } ?? "nothing")")
    }
  }
}
