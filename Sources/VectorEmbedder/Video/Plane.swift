/// One channel of a small picture, or any grid of numbers: `[height × width]`.
struct Plane: Sendable, Equatable {
  var width: Int
  var height: Int
  var values: [Float]

  init(width: Int, height: Int, values: [Float]) {
    precondition(values.count == width * height)
    self.width = width
    self.height = height
    self.values = values
  }

  subscript(x: Int, y: Int) -> Float { values[y * width + x] }
}

extension Frame {
  /// Red, green and blue, each 0…1, in another size.
  ///
  /// Every output value is a weighted mean over its footprint, so shrinking does not alias.
  func resampled(width: Int, height: Int, _ filter: Resampling) -> [Plane] {
    let columns = filter.weights(from: self.width, to: width)
    let rows = filter.weights(from: self.height, to: height)
    return (0..<3).map { channel in
      var narrow = [Float](repeating: 0, count: width * self.height)
      for y in 0..<self.height {
        let line = y * self.width
        for x in 0..<width {
          var sum: Float = 0
          for (offset, weight) in columns[x].weights.enumerated() {
            sum += weight * Float(pixels[(line + columns[x].start + offset) * 3 + channel])
          }
          // Pillow keeps bytes between its two passes.
          narrow[y * width + x] = min(255, max(0, sum))
        }
      }
      var values = [Float](repeating: 0, count: width * height)
      for y in 0..<height {
        for (offset, weight) in rows[y].weights.enumerated() {
          let line = (rows[y].start + offset) * width
          let scaled = weight / 255
          for x in 0..<width { values[y * width + x] += scaled * narrow[line + x] }
        }
      }
      return Plane(width: width, height: height, values: values.map { min(1, max(0, $0)) })
    }
  }
}

/// How a picture is brought to another size.
enum Resampling: Sendable {
  /// As Pillow does it: the kernel is widened when shrinking.
  case bilinear
  case bicubic
  /// Between the four nearest even when shrinking, which aliases: `interpolate` of PyTorch without antialiasing.
  case interpolation

  struct Footprint: Sendable {
    var start: Int
    /// Their sum is 1.
    var weights: [Float]
  }

  /// For each output place, which inputs it is made of.
  ///
  /// - Complexity: O(input + output · support).
  func weights(from input: Int, to output: Int) -> [Footprint] {
    let scale = Float(input) / Float(output)
    let stretch = self == .interpolation ? 1 : max(1, scale)
    let support = (self == .bicubic ? 2 : 1) * stretch
    return (0..<output).map { place in
      let centre = (Float(place) + 0.5) * scale
      let start = max(0, Int(centre - support + 0.5))
      let end = max(start + 1, min(input, Int(centre + support + 0.5)))
      var weights = (start..<end).map { kernel((Float($0) - centre + 0.5) / stretch) }
      let sum = weights.reduce(0, +)
      if sum == 0 { weights[0] = 1 } else { weights = weights.map { $0 / sum } }
      return Footprint(start: min(start, input - 1), weights: weights)
    }
  }

  private func kernel(_ distance: Float) -> Float {
    let x = abs(distance)
    switch self {
    case .bilinear, .interpolation: return max(0, 1 - x)
    case .bicubic:
      // Keys 1981 with a = −½.
      let a: Float = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
      return 0
    }
  }
}
