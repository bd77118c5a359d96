package import VectorModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension GeoPoint {
  /// Metres: the mean of the earth's radii.
  fileprivate static let earthRadius = 6_371_008.8
  fileprivate static let radiansPerDegree = Double.pi / 180

  /// Metres along a great circle, by the haversine formula (Sinnott 1984).
  package func meters(to other: GeoPoint) -> Double {
    let (from, to) = (latitude * Self.radiansPerDegree, other.latitude * Self.radiansPerDegree)
    let sineOfLatitudes = sin((to - from) / 2)
    let sineOfLongitudes = sin((other.longitude - longitude) * Self.radiansPerDegree / 2)
    let square =
      sineOfLatitudes * sineOfLatitudes + cos(from) * cos(to) * sineOfLongitudes * sineOfLongitudes
    return 2 * Self.earthRadius * asin(min(1, square.squareRoot()))
  }
}

/// A condition on places, ready to be asked of one after the other.
struct GeoTest: Sendable {
  /// What is known of all places of one cell.
  enum Answer: Sendable { case inside, border, outside }

  let condition: GeoCondition
  /// Every place that the condition holds for is in one of these.
  let boxes: [GeoBox]

  init(_ condition: GeoCondition) {
    self.condition = condition
    boxes =
      switch condition {
      case .box(let topLeft, let bottomRight): Self.boxes(topLeft, bottomRight)
      case .radius(let center, let meters): Self.boxes(center, meters: meters)
      case .polygon(let exterior, _): Self.boxes(exterior)
      }
  }

  func holds(for point: GeoPoint) -> Bool {
    switch condition {
    case .box(let topLeft, let bottomRight): Self.isBetween(topLeft, bottomRight, point, margin: 0)
    case .radius(let center, let meters): point.meters(to: center) < meters
    case .polygon(let exterior, let interiors):
      Self.isWithin(exterior, point) && !interiors.contains { Self.isWithin($0, point) }
    }
  }

  /// What the condition says of the cell that a key stands for.
  func answer(_ key: Int64) -> Answer {
    let center = GeoKey.center(key)
    let slack = GeoKey.slackDegrees
    switch condition {
    case .box(let topLeft, let bottomRight):
      if Self.isBetween(topLeft, bottomRight, center, margin: slack) { return .inside }
      return Self.isBetween(topLeft, bottomRight, center, margin: -slack) ? .border : .outside
    case .radius(let middle, let meters):
      let distance = center.meters(to: middle)
      if distance < meters - GeoKey.slackMeters { return .inside }
      return distance <= meters + GeoKey.slackMeters ? .border : .outside
    case .polygon(let exterior, let interiors):
      let isNearLine = ([exterior] + interiors).contains { Self.isNear($0, center, degrees: slack) }
      return isNearLine ? .border : holds(for: center) ? .inside : .outside
    }
  }

  // MARK: - Boxes

  /// - Parameter margin: degrees by which the point is within the box; negative ones let it be outside.
  private static func isBetween(
    _ topLeft: GeoPoint, _ bottomRight: GeoPoint, _ point: GeoPoint, margin: Double
  ) -> Bool {
    guard bottomRight.latitude + margin < point.latitude, point.latitude < topLeft.latitude - margin else {
      return false
    }
    let isRightOfLeft = topLeft.longitude + margin < point.longitude
    let isLeftOfRight = point.longitude < bottomRight.longitude - margin
    if topLeft.longitude > bottomRight.longitude { return isRightOfLeft || isLeftOfRight }
    return isRightOfLeft && isLeftOfRight
  }

  private static func boxes(_ topLeft: GeoPoint, _ bottomRight: GeoPoint) -> [GeoBox] {
    guard bottomRight.latitude <= topLeft.latitude else { return [] }
    return boxes(
      from: topLeft.longitude, to: bottomRight.longitude, bottomRight.latitude...topLeft.latitude)
  }

  /// The boxes between two meridians, of which the first may be the eastern one.
  private static func boxes(
    from left: Double, to right: Double, _ latitudes: ClosedRange<Double>
  ) -> [GeoBox] {
    let longitudes = left <= right ? [left...right] : [left...180, -180...right]
    return longitudes.map { GeoBox(longitudes: $0, latitudes: latitudes) }
  }

  // MARK: - Circles

  private static func boxes(_ center: GeoPoint, meters: Double) -> [GeoBox] {
    guard meters > 0 else { return [] }
    let angle = meters / GeoPoint.earthRadius
    let degrees = angle / GeoPoint.radiansPerDegree
    let (bottom, top) = (center.latitude - degrees, center.latitude + degrees)
    // A circle around a pole has every longitude.
    guard bottom > -90, top < 90 else {
      return [GeoBox(longitudes: -180...180, latitudes: max(bottom, -90)...min(top, 90))]
    }
    let width =
      asin(min(1, sin(angle) / cos(center.latitude * GeoPoint.radiansPerDegree))) / GeoPoint.radiansPerDegree
    let (left, right) = (center.longitude - width, center.longitude + width)
    return boxes(
      from: left < -180 ? left + 360 : left, to: right > 180 ? right - 360 : right, bottom...top)
  }

  // MARK: - Polygons

  private static func boxes(_ ring: [GeoPoint]) -> [GeoBox] {
    guard let first = ring.first else { return [] }
    var box = GeoBox(
      longitudes: first.longitude...first.longitude, latitudes: first.latitude...first.latitude)
    for point in ring {
      box.longitudes =
        min(box.longitudes.lowerBound, point.longitude)...max(box.longitudes.upperBound, point.longitude)
      box.latitudes =
        min(box.latitudes.lowerBound, point.latitude)...max(box.latitudes.upperBound, point.latitude)
    }
    return [box]
  }

  /// Whether a line from the point to the east crosses the ring an odd number of times (Shimrat 1962).
  private static func isWithin(_ ring: [GeoPoint], _ point: GeoPoint) -> Bool {
    var isInside = false
    for (start, end) in zip(ring, ring.dropFirst())
    where (start.latitude > point.latitude) != (end.latitude > point.latitude) {
      let share = (point.latitude - start.latitude) / (end.latitude - start.latitude)
      if point.longitude < start.longitude + share * (end.longitude - start.longitude) { isInside.toggle() }
    }
    return isInside
  }

  /// Whether the point is within so many degrees of a line of the ring.
  private static func isNear(_ ring: [GeoPoint], _ point: GeoPoint, degrees: Double) -> Bool {
    zip(ring, ring.dropFirst()).contains { start, end in
      let (lineX, lineY) = (end.longitude - start.longitude, end.latitude - start.latitude)
      let (x, y) = (point.longitude - start.longitude, point.latitude - start.latitude)
      let square = lineX * lineX + lineY * lineY
      let share = square == 0 ? 0 : min(1, max(0, (x * lineX + y * lineY) / square))
      let (restX, restY) = (x - share * lineX, y - share * lineY)
      return restX * restX + restY * restY <= degrees * degrees
    }
  }
}
