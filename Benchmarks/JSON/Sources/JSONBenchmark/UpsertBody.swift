import VectorModel

/// A body of `PUT points` as clients send it, with vectors of unit length.
struct UpsertBody {
  /// How the numbers are written.
  enum Digits: String, CaseIterable {
    /// The shortest form that reads back as the same float32: 8 or 9 digits.
    case float32 = "float32, shortest"
    /// A float32 that became a double on the way, as Python's `json` writes it: 17 digits.
    case float64 = "float64, 17 digits"
  }

  let points: [Point]
  let bytes: [UInt8]

  init(count: Int, dimension: Int, digits: Digits) {
    var random = SplitMix64(seed: 42)
    var points: [Point] = []
    var writer = JSONWriter()
    writer.object { writer in
      writer.key("points")
      writer.array(0..<count) { writer, index in
        let vector = Self.unitVector(dimension, &random)
        let payload = Self.payload(index)
        points.append(
          Point(id: .number(UInt64(index)), vectors: NamedVectors(unnamed: .dense(vector)), payload: payload))
        writer.object { writer in
          writer.member("id", index)
          writer.key("vector")
          switch digits {
          case .float32: writer.numbers(vector)
          case .float64: writer.array(vector) { $0.number(Double($1)) }
          }
          writer.key("payload")
          writer.raw(payload)
        }
      }
    }
    self.points = points
    bytes = writer.bytes
  }

  private static func unitVector(_ dimension: Int, _ random: inout SplitMix64) -> [Float] {
    let values = (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return values.map { $0 / length }
  }

  private static func payload(_ index: Int) -> [UInt8] {
    let text = """
      {"title":"Käse and cheese, number \(index)","language":"\(index % 3 == 0 ? "de" : "en")","year":\(1990 + index % 40),\
      "tags":["food","\\u00e9dition","n\(index % 7)"],"price":\(Double(index % 1000) / 4)}
      """
    return Array(text.utf8)
  }
}

/// A small seeded generator (Steele, Lea and Flood 2014).
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
