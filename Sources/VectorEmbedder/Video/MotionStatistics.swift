#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How a clip moves: where, how fast and whither.
struct MotionStatistics: Sendable {
  private static let rows = 4
  private static let columnPairs = 2

  private var cellSums = [Float](repeating: 0, count: rows * columnPairs)
  private var cellSquares = [Float](repeating: 0, count: rows * columnPairs)
  private var differences = [Float](repeating: 0, count: 8)
  private var directions = [Float](repeating: 0, count: 8)
  private var speeds = [Float](repeating: 0, count: 8)
  private var frameCount = 0

  /// Takes in the change from one frame to the next and returns its mean.
  mutating func add(_ gray: Plane, after previous: Plane, _ gradients: Gradients) -> Float {
    let width = gray.width
    let height = gray.height
    var cells = [Float](repeating: 0, count: cellSums.count)
    var total: Float = 0
    for y in 1..<(height - 1) {
      let row = y * Self.rows / height
      for x in 1..<(width - 1) {
        let index = y * width + x
        let change = gray.values[index] - previous.values[index]
        let size = abs(change)
        total += size
        differences[min(7, Int(size * 24))] += 1
        let pair = min(x, width - 1 - x) * 2 * Self.columnPairs / width
        cells[row * Self.columnPairs + pair] += size
        let magnitude = gradients.magnitude[index]
        guard size > 0.02, magnitude > 0.04 else { continue }
        addFlow(change / magnitude, gradients.horizontal[index], gradients.vertical[index], size)
      }
    }
    let pixels = Float(width * height / cells.count)
    for cell in cells.indices {
      cellSums[cell] += cells[cell] / pixels
      cellSquares[cell] += (cells[cell] / pixels) * (cells[cell] / pixels)
    }
    frameCount += 1
    return total / Float(width * height)
  }

  /// The part of the movement along the gradient: −change / magnitude pixels. Left and right count alike.
  private mutating func addFlow(_ speed: Float, _ dx: Float, _ dy: Float, _ weight: Float) {
    let sign: Float = speed > 0 ? -1 : 1
    let angle = atan2f(sign * dy, abs(dx))
    directions[min(7, Int((angle / .pi + 0.5) * 8))] += weight
    speeds[min(7, Int(abs(speed) * 4))] += weight
  }

  var features: [Float] {
    let count = Float(max(1, frameCount))
    let means = cellSums.map { $0 / count }
    let deviations = means.indices.map {
      max(0, cellSquares[$0] / count - means[$0] * means[$0]).squareRoot()
    }
    return ClassicalDescriptor.normalized(means) + ClassicalDescriptor.normalized(deviations)
      + [differences, directions, speeds].flatMap { part in
        ClassicalDescriptor.normalized(part.map { $0.squareRoot() })
      }
  }
}

/// How fast a series of numbers changes.
enum Spectrum {
  /// The amplitudes of 16 bands from 0 to half the rate of the series, without its mean.
  ///
  /// - Complexity: O(n · 64).
  static func bands(of series: [Float]) -> [Float] {
    var bands = [Float](repeating: 0, count: 16)
    guard series.count >= 4 else { return bands }
    let mean = series.reduce(0, +) / Float(series.count)
    let stepsPerBand = 4
    for step in 0..<(bands.count * stepsPerBand) {
      let frequency = (Float(step) + 0.5) * .pi / Float(bands.count * stepsPerBand)
      var real: Float = 0
      var imaginary: Float = 0
      for (index, value) in series.enumerated() {
        // A Hann window keeps the ends from ringing.
        let window = 0.5 - 0.5 * cosf(2 * .pi * (Float(index) + 0.5) / Float(series.count))
        real += (value - mean) * window * cosf(frequency * Float(index))
        imaginary += (value - mean) * window * sinf(frequency * Float(index))
      }
      bands[step / stepsPerBand] += (real * real + imaginary * imaginary).squareRoot()
    }
    return bands
  }
}
