import VectorModel

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A place as a unit vector, and the conditions on places a second time.
struct TreePlace {
  let point: GeoPoint

  init?(_ value: JSONValue) {
    guard case .object(let members) = value else { return nil }
    var numbers: [String: Double] = [:]
    for member in members {
      switch member.value {
      case .integer(let number): numbers[member.key] = Double(number)
      case .double(let number): numbers[member.key] = number
      default: break
      }
    }
    guard let longitude = numbers["lon"], let latitude = numbers["lat"], abs(longitude) <= 180,
      abs(latitude) <= 90
    else { return nil }
    point = GeoPoint(longitude: longitude, latitude: latitude)
  }

  func isIn(_ condition: GeoCondition) -> Bool {
    switch condition {
    case .box(let topLeft, let bottomRight):
      let isWithinLatitudes = bottomRight.latitude < point.latitude && point.latitude < topLeft.latitude
      let isEast = point.longitude > topLeft.longitude
      let isWest = point.longitude < bottomRight.longitude
      let crosses = topLeft.longitude > bottomRight.longitude
      return isWithinLatitudes && (crosses ? isEast || isWest : isEast && isWest)
    case .radius(let center, let meters):
      let (a, b) = (Self.unit(point), Self.unit(center))
      let chord = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      return 2 * 6_371_008.8 * asin(min(1, chord / 2)) < meters
    case .polygon(let exterior, let interiors):
      return winding(exterior) != 0 && interiors.allSatisfy { winding($0) == 0 }
    }
  }

  private static func unit(_ point: GeoPoint) -> [Double] {
    let (longitude, latitude) = (point.longitude * .pi / 180, point.latitude * .pi / 180)
    return [cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)]
  }

  /// How often the ring goes around the place: the sum of the angles under which its lines are seen.
  private func winding(_ ring: [GeoPoint]) -> Int {
    var sum = 0.0
    for (start, end) in zip(ring, ring.dropFirst()) {
      let (x1, y1) = (start.longitude - point.longitude, start.latitude - point.latitude)
      let (x2, y2) = (end.longitude - point.longitude, end.latitude - point.latitude)
      sum += atan2(x1 * y2 - x2 * y1, x1 * x2 + y1 * y2)
    }
    return Int((sum / (2 * .pi)).rounded())
  }
}
