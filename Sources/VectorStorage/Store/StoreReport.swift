/// What a full read of a store found.
package struct StoreReport: Sendable {
  /// Points whose every value was intact.
  package var pointCount: UInt64 = 0
  /// Bytes of payloads and vectors that were read.
  package var byteCount: UInt64 = 0
  /// All defects, also those that are not kept.
  package var defectCount: UInt64 = 0
  /// The first defects, each naming table and key.
  package private(set) var defects: [StorageError] = []
  private static let defectsMax = 100

  mutating func add(_ defect: StorageError) {
    defectCount += 1
    if defects.count < Self.defectsMax { defects.append(defect) }
  }
}
