import VectorModel
import VectorStorage

/// The points of a store counted and summed up, by reading all of it in short steps.
struct StoreContents {
  private(set) var pointCount: UInt64 = 0
  private(set) var digest = ContentDigest()

  /// - Parameter configuration: vectors that it does not name are not counted.
  /// - Throws: the first damage; what only some values have is for `PointStore.verify` to name.
  /// - Complexity: O(bytes of the store).
  init(
    _ store: PointStore, _ configuration: CollectionConfiguration, proceed: () -> Bool = { true }
  ) throws(RequestError) {
    var next: UInt64? = 0
    while let number = next, proceed() {
      var points: [SnapshotPoint] = []
      next = try StorageError.mapped { () throws(StorageError) in
        try store.read { (reader) throws(StorageError) in
          try reader.forEachPoint(from: number, countMax: 1024, byteCountMax: 4 << 20) {
            _, version, id, payload, vectors in
            points.append(
              SnapshotPoint(
                id: id, version: version, payload: Array(copying: payload), vectors: Array(copying: vectors)))
          }
        }
      }
      for point in points { try add(point, configuration, store.path) }
    }
  }

  private mutating func add(
    _ point: SnapshotPoint, _ configuration: CollectionConfiguration, _ path: String
  ) throws(RequestError) {
    pointCount += 1
    digest.add(ContentDigest.hash(point.id, version: point.version, payload: point.payload))
    var reader = ByteReader(point.vectors)
    let vectors: NamedVectors
    do throws(RequestError) { vectors = try reader.vectors() } catch {
      throw StorageError.damaged(
        file: path, offset: nil, what: "the vectors of point \(point.id): \(error.message)"
      ).requestError
    }
    for entry in vectors.entries {
      // The store keeps the vectors of a name that was dropped; the name may have another shape by now.
      guard let parameters = configuration.vector(named: entry.name), let shape = entry.value.denseShape,
        shape == (parameters.element, parameters.dimension)
      else { continue }
      digest.add(ContentDigest.hash(point.id, vector: entry.name, entry.value))
    }
  }
}
