#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Central differences of a grey picture; the border has none.
struct Gradients: Sendable {
  var horizontal: [Float]
  var vertical: [Float]
  var magnitude: [Float]

  init(of gray: Plane) {
    let width = gray.width
    horizontal = [Float](repeating: 0, count: gray.values.count)
    vertical = horizontal
    magnitude = horizontal
    for y in 1..<(gray.height - 1) {
      for x in 1..<(width - 1) {
        let index = y * width + x
        let dx = gray.values[index + 1] - gray.values[index - 1]
        let dy = gray.values[index + width] - gray.values[index - width]
        horizontal[index] = dx
        vertical[index] = dy
        magnitude[index] = (dx * dx + dy * dy).squareRoot()
      }
    }
  }
}

/// Edges and texture, summed over a clip.
struct EdgeStatistics: Sendable {
  private static let rows = 8
  private static let columnPairs = 2
  private static let directions = 9

  private var cells = [Float](repeating: 0, count: rows * columnPairs * directions)
  private var strengths = [Float](repeating: 0, count: 8)
  private var patterns = [Float](repeating: 0, count: 10)
  private var contrasts = [Float](repeating: 0, count: 3)

  mutating func add(_ gray: Plane, _ gradients: Gradients) {
    let width = gray.width
    let height = gray.height
    for y in 1..<(height - 1) {
      let row = y * Self.rows / height
      for x in 1..<(width - 1) {
        let index = y * width + x
        let magnitude = gradients.magnitude[index]
        strengths[min(7, Int(magnitude * 16))] += 1
        guard magnitude > 0.01 else { continue }
        let pair = min(x, width - 1 - x) * 2 * Self.columnPairs / width
        // Mirrored halves count with mirrored directions; edges have no sign, so the angle is in 0…π.
        let dx = x < width / 2 ? gradients.horizontal[index] : -gradients.horizontal[index]
        var angle = atan2f(gradients.vertical[index], dx)
        if angle < 0 { angle += .pi }
        let place = angle / .pi * Float(Self.directions)
        let first = Int(place) % Self.directions
        let share = place - Float(Int(place))
        let cell = (row * Self.columnPairs + pair) * Self.directions
        cells[cell + first] += magnitude * (1 - share)
        cells[cell + (first + 1) % Self.directions] += magnitude * share
      }
    }
    addTexture(gray)
  }

  /// Counts how many of the eight neighbours are brighter, where they form one arc, at every second pixel.
  private mutating func addTexture(_ gray: Plane) {
    let width = gray.width
    let ring = [1, 1 - width, -width, -1 - width, -1, width - 1, width, width + 1]
    for y in stride(from: 1, to: gray.height - 1, by: 2) {
      for x in stride(from: 1, to: width - 1, by: 2) {
        let index = y * width + x
        let centre = gray.values[index] + 0.004
        var brighter = 0
        var changes = 0
        var wasBrighter = gray.values[index + ring[7]] > centre
        var least: Float = 1
        var most: Float = 0
        for offset in ring {
          let value = gray.values[index + offset]
          let isBrighter = value > centre
          if isBrighter { brighter += 1 }
          if isBrighter != wasBrighter { changes += 1 }
          wasBrighter = isBrighter
          least = min(least, value)
          most = max(most, value)
        }
        patterns[changes <= 2 ? brighter : 9] += 1
        contrasts[most - least < 0.03 ? 0 : most - least < 0.15 ? 1 : 2] += 1
      }
    }
  }

  var orientations: [Float] { cells.map { $0.squareRoot() } }
  var magnitudes: [Float] { strengths.map { $0.squareRoot() } }
  var texture: [Float] { (patterns + contrasts).map { $0.squareRoot() } }
}
