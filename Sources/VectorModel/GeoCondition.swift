/// A place on the earth, in degrees (WGS 84).
package struct GeoPoint: Hashable, Sendable {
  package static let longitudes = -180.0...180.0
  package static let latitudes = -90.0...90.0

  package var longitude: Double
  package var latitude: Double

  package init(longitude: Double, latitude: Double) {
    self.longitude = longitude
    self.latitude = latitude
  }

  /// What a payload value says, where it is an object with numbers `lon` and `lat` within their bounds.
  package init?(_ value: JSONValue?) {
    guard case .object(let members)? = value else { return nil }
    func number(_ key: String) -> Double? {
      members.first { $0.key.hasSameBytes(as: key) }?.value.numericValue
    }
    guard let longitude = number("lon"), let latitude = number("lat"),
      Self.longitudes.contains(longitude), Self.latitudes.contains(latitude)
    else { return nil }
    self.init(longitude: longitude, latitude: latitude)
  }
}

/// Where a place must be; borders are outside.
package enum GeoCondition: Hashable, Sendable {
  /// Between two parallels and two meridians; over the antimeridian where the left one is east of the right one.
  case box(topLeft: GeoPoint, bottomRight: GeoPoint)
  /// Nearer to the centre than so many metres, along a great circle.
  case radius(center: GeoPoint, meters: Double)
  /// Within a ring of straight lines between degrees, and within none of its holes.
  case polygon(exterior: [GeoPoint], interiors: [[GeoPoint]])

  /// How many points one ring, and how many holes one polygon may have.
  package static let ringPointsMax = 10_000
  package static let interiorsMax = 1_000
}
