import VectorModel

/// The points that changed since some moment, and whether their vectors did.
struct TouchedPoints: Sendable {
  enum Touch: Sendable { case payload, vectors }

  private(set) var points: [PointID: Touch] = [:]

  mutating func note(_ id: PointID, _ touch: Touch) {
    if touch == .vectors {
      points[id] = .vectors
    } else if points[id] == nil {
      points[id] = .payload
    }
  }
}
