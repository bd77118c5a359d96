/// A 384-d description of a clip's look and motion, without any learned weights.
///
/// | part | numbers | what |
/// |---|---|---|
/// | colour | 80 | histogram of hue and saturation (64) and of brightness where there is no colour (16) |
/// | layout | 48 | where which colour stands: 4 rows × 2 column pairs × 3 channels, mean and change over time |
/// | edges | 144 | histogram of oriented gradients (Dalal and Triggs 2005) on 8 rows × 2 column pairs × 9 |
/// | strength | 8 | histogram of gradient magnitudes |
/// | texture | 13 | rotation-invariant uniform local binary patterns (Ojala et al. 2002) and contrast |
/// | motion | 40 | where and how fast it moves, and into which direction (normal flow) |
/// | rhythm | 48 | spectra over time of brightness, motion and colour |
///
/// Each part has length 1 after taking out its mean, then a weight; three zeros fill up to 384. Columns are paired
/// with their mirror image and directions folded, so a mirrored clip has the same vector. It measures look and
/// motion, not meaning.
package struct ClassicalDescriptor: Sendable {
  package static let identity = ModelIdentity(
    name: "classical look and motion", hash: "classical-1-384", dimension: 384)

  /// Frames a second that it expects.
  package static let framesPerSecond = 4
  static let width = 128
  static let height = 96
  /// Frames whose rhythm is looked at.
  private static let rhythmFramesMax = 4096

  private var colour = ColourStatistics()
  private var edges = EdgeStatistics()
  private var motion = MotionStatistics()
  private var brightness: [Float] = []
  private var energy: [Float] = []
  private var warmth: [Float] = []
  private var previous: Plane?
  package private(set) var frameCount = 0

  package init() {}

  /// Takes in the next frame.
  ///
  /// - Complexity: O(pixels of the frame).
  package mutating func add(_ frame: Frame) {
    let planes = frame.resampled(width: Self.width, height: Self.height, .bilinear)
    let gray = Plane(
      width: Self.width, height: Self.height,
      values: planes[0].values.indices.map {
        0.299 * planes[0].values[$0] + 0.587 * planes[1].values[$0] + 0.114 * planes[2].values[$0]
      })
    colour.add(red: planes[0], green: planes[1], blue: planes[2], gray: gray)
    let gradients = Gradients(of: gray)
    edges.add(gray, gradients)
    var moved: Float = 0
    if let previous { moved = motion.add(gray, after: previous, gradients) }
    if frameCount < Self.rhythmFramesMax {
      let count = Float(gray.values.count)
      brightness.append(gray.values.reduce(0, +) / count)
      warmth.append(zip(planes[0].values, planes[2].values).reduce(0) { $0 + $1.0 - $1.1 } / count)
      if frameCount > 0 { energy.append(moved) }
    }
    previous = gray
    frameCount += 1
  }

  /// The vector of what was added, of length 1; nil without a frame.
  package func vector() -> [Float]? {
    guard frameCount > 0 else { return nil }
    var vector: [Float] = []
    for (part, weight) in [
      (colour.histogram, Weight.colour), (colour.layout, Weight.layout), (edges.orientations, Weight.edges),
      (edges.magnitudes, Weight.strength), (edges.texture, Weight.texture), (motion.features, Weight.motion),
      (Spectrum.bands(of: brightness), Weight.rhythm), (Spectrum.bands(of: energy), Weight.rhythm),
      (Spectrum.bands(of: warmth), Weight.rhythm),
    ] {
      vector += Self.normalized(part).map { $0 * weight }
    }
    vector += [Float](repeating: 0, count: Self.identity.dimension - vector.count)
    return vector.scaledToLengthOne()
  }

  private enum Weight {
    static let colour: Float = 0.4
    static let layout: Float = 0.4
    static let edges: Float = 0.4
    static let strength: Float = 0.2
    static let texture: Float = 0.25
    static let motion: Float = 0.25
    static let rhythm: Float = 0.1
  }

  /// Without its mean and of length 1, so that parts are compared by shape; all zeros stay.
  static func normalized(_ part: [Float]) -> [Float] {
    let mean = part.reduce(0, +) / Float(max(1, part.count))
    return part.map { $0 - mean }.scaledToLengthOne() ?? part.map { _ in 0 }
  }
}
