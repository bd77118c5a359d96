extension GeoCondition {
  /// Reads `{top_left, bottom_right}`.
  init(boxJSON reader: inout JSONReader) throws(RequestError) {
    var topLeft: GeoPoint?
    var bottomRight: GeoPoint?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "top_left": topLeft = try GeoPoint(json: &reader)
      case "bottom_right": bottomRight = try GeoPoint(json: &reader)
      default:
        throw reader.unknownKey(key, in: "geo_bounding_box", expected: "`top_left`, `bottom_right`")
      }
    }
    self = .box(
      topLeft: try reader.required("top_left", topLeft),
      bottomRight: try reader.required("bottom_right", bottomRight))
  }

  /// Reads `{center, radius}`, the radius in metres.
  init(radiusJSON reader: inout JSONReader) throws(RequestError) {
    var center: GeoPoint?
    var meters: Double?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "center": center = try GeoPoint(json: &reader)
      case "radius": meters = try reader.readDouble()
      default: throw reader.unknownKey(key, in: "geo_radius", expected: "`center`, `radius`")
      }
    }
    self = .radius(
      center: try reader.required("center", center), meters: try reader.required("radius", meters))
  }

  /// Reads `{exterior: {points}, interiors?: [{points}]}`.
  /// - Throws: status 422 for rings that have fewer than four points or are not closed.
  init(polygonJSON reader: inout JSONReader) throws(RequestError) {
    var exterior: [GeoPoint]?
    var interiors: [[GeoPoint]] = []
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "exterior": exterior = try Self.ring("exterior", json: &reader)
      case "interiors":
        interiors = try reader.readList("geo_polygon.interiors", atMost: Self.interiorsMax) {
          (reader) throws(RequestError) in try Self.ring("interiors", json: &reader)
        }
      default: throw reader.unknownKey(key, in: "geo_polygon", expected: "`exterior`, `interiors`")
      }
    }
    self = .polygon(exterior: try reader.required("exterior", exterior), interiors: interiors)
  }

  private static func ring(_ name: String, json reader: inout JSONReader) throws(RequestError) -> [GeoPoint] {
    var points: [GeoPoint]?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      guard key == "points" else {
        throw reader.unknownKey(key, in: "geo_polygon.\(name)", expected: "`points`")
      }
      points = try reader.readList("geo_polygon.\(name).points", atMost: ringPointsMax) {
        (reader) throws(RequestError) in try GeoPoint(json: &reader)
      }
    }
    let ring = try reader.required("points", points)
    guard ring.count >= 4 else {
      throw .validation("[geo_polygon.\(name): a ring has at least 4 points, not \(ring.count)]")
    }
    guard ring.first == ring.last else {
      throw .validation("[geo_polygon.\(name): the last point of a ring is its first one again]")
    }
    return ring
  }

  /// The key and the value that this was read from.
  func writeMember(to writer: inout JSONWriter) {
    switch self {
    case .box(let topLeft, let bottomRight):
      writer.key("geo_bounding_box")
      writer.object { writer in
        writer.key("top_left")
        topLeft.write(to: &writer)
        writer.key("bottom_right")
        bottomRight.write(to: &writer)
      }
    case .radius(let center, let meters):
      writer.key("geo_radius")
      writer.object { writer in
        writer.key("center")
        center.write(to: &writer)
        writer.member("radius", meters)
      }
    case .polygon(let exterior, let interiors):
      writer.key("geo_polygon")
      writer.object { writer in
        writer.key("exterior")
        Self.writeRing(exterior, to: &writer)
        writer.key("interiors")
        writer.array(interiors) { Self.writeRing($1, to: &$0) }
      }
    }
  }

  private static func writeRing(_ ring: [GeoPoint], to writer: inout JSONWriter) {
    writer.object { writer in
      writer.key("points")
      writer.array(ring) { $1.write(to: &$0) }
    }
  }
}

extension GeoPoint {
  init(json reader: inout JSONReader) throws(RequestError) {
    var longitude: Double?
    var latitude: Double?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "lon": longitude = try reader.readDouble("lon", in: Self.longitudes)
      case "lat": latitude = try reader.readDouble("lat", in: Self.latitudes)
      default: throw reader.unknownKey(key, in: "geo point", expected: "`lon`, `lat`")
      }
    }
    self.init(
      longitude: try reader.required("lon", longitude), latitude: try reader.required("lat", latitude))
  }

  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("lon", longitude)
      writer.member("lat", latitude)
    }
  }
}
