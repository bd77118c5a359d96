/// Which colours a clip has, and where.
struct ColourStatistics: Sendable {
  private static let hues = 16
  private static let saturations = 4
  private static let grays = 16
  private static let rows = 4
  private static let columnPairs = 2

  private var bins = [Float](repeating: 0, count: hues * saturations + grays)
  private var cellSums = [Float](repeating: 0, count: rows * columnPairs * 3)
  private var cellSquares = [Float](repeating: 0, count: rows * columnPairs * 3)
  private var frameCount = 0

  mutating func add(red: Plane, green: Plane, blue: Plane, gray: Plane) {
    let width = gray.width
    let height = gray.height
    var cells = [Float](repeating: 0, count: cellSums.count)
    for y in 0..<height {
      let row = y * Self.rows / height
      for x in 0..<width {
        let index = y * width + x
        let r = red.values[index]
        let g = green.values[index]
        let b = blue.values[index]
        count(r, g, b)
        // The column and its mirror image share a cell.
        let pair = min(x, width - 1 - x) * 2 * Self.columnPairs / width
        let cell = (row * Self.columnPairs + pair) * 3
        cells[cell] += gray.values[index]
        cells[cell + 1] += r - g
        cells[cell + 2] += b - (r + g) / 2
      }
    }
    let pixels = Float(width * height / (Self.rows * Self.columnPairs))
    for cell in cells.indices {
      let mean = cells[cell] / pixels
      cellSums[cell] += mean
      cellSquares[cell] += mean * mean
    }
    frameCount += 1
  }

  /// Puts one pixel into the bins of hue and saturation, softly between neighbouring hues.
  private mutating func count(_ r: Float, _ g: Float, _ b: Float) {
    let largest = max(r, g, b)
    let chroma = largest - min(r, g, b)
    let saturation = largest > 0 ? chroma / largest : 0
    let colourful = min(1, chroma * 4) * saturation
    let level = min(Float(Self.grays) - 1.001, largest * Float(Self.grays - 1))
    let lower = Int(level)
    let grayPlace = Self.hues * Self.saturations + lower
    bins[grayPlace] += (1 - colourful) * (1 - level + Float(lower))
    bins[grayPlace + 1] += (1 - colourful) * (level - Float(lower))
    guard chroma > 0.02 else { return }
    var hue: Float
    if largest == r {
      hue = (g - b) / chroma
    } else if largest == g {
      hue = (b - r) / chroma + 2
    } else {
      hue = (r - g) / chroma + 4
    }
    if hue < 0 { hue += 6 }
    let place = hue / 6 * Float(Self.hues)
    let first = Int(place) % Self.hues
    let share = place - Float(Int(place))
    let step = min(Self.saturations - 1, Int(saturation * Float(Self.saturations)))
    bins[step * Self.hues + first] += colourful * (1 - share)
    bins[step * Self.hues + (first + 1) % Self.hues] += colourful * share
  }

  /// Square roots, so that the scalar product is the Hellinger affinity.
  var histogram: [Float] { bins.map { $0.squareRoot() } }

  var layout: [Float] {
    let count = Float(max(1, frameCount))
    let means = cellSums.map { $0 / count }
    let deviations = means.indices.map {
      max(0, cellSquares[$0] / count - means[$0] * means[$0]).squareRoot()
    }
    return means + deviations
  }
}
