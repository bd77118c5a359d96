/// The body as Foundation's coders need it declared.
struct FoundationBody: Codable {
  var points: [FoundationPoint]
}

struct FoundationPoint: Codable {
  struct Payload: Codable {
    var title: String
    var language: String
    var year: Int
    var tags: [String]
    var price: Double
  }

  var id: UInt64
  var vector: [Float]
  var payload: Payload
}
