import Testing

@testable import VectorEmbedder

@Suite struct DescriptorTests {
  private func vector(_ frames: [Frame]) -> [Float]? {
    var descriptor = ClassicalDescriptor()
    for frame in frames { descriptor.add(frame) }
    return descriptor.vector()
  }

  /// A square that moves over a gradient.
  private func clip(
    colour: (UInt8, UInt8, UInt8), step: Int, mirrored: Bool = false, width: Int = 160, height: Int = 120
  ) -> [Frame] {
    (0..<12).map { time in
      var pixels = [UInt8](repeating: 0, count: width * height * 3)
      for y in 0..<height {
        for x in 0..<width {
          let place = (y * width + (mirrored ? width - 1 - x : x)) * 3
          let left = 20 + time * step
          let isInside =
            (left..<(left + 40)).contains(x * 160 / width) && (30..<70).contains(y * 120 / height)
          pixels[place] = isInside ? colour.0 : UInt8(x * 160 / width)
          pixels[place + 1] = isInside ? colour.1 : UInt8(y * 120 / height)
          pixels[place + 2] = isInside ? colour.2 : 40
        }
      }
      return Frame(width: width, height: height, pixels: pixels)
    }
  }

  @Test func hasLengthOneAnd384Numbers() throws {
    let found = try #require(vector(clip(colour: (250, 20, 20), step: 4)))
    #expect(found.count == 384)
    #expect(abs(found.dot(found) - 1) < 1e-4)
    #expect(vector([]) == nil)
  }

  @Test func mirroringChangesNothing() throws {
    let one = try #require(vector(clip(colour: (250, 20, 20), step: 4)))
    let other = try #require(vector(clip(colour: (250, 20, 20), step: 4, mirrored: true)))
    #expect(one.dot(other) > 0.999)
  }

  @Test func sizeChangesLittleAndLookMuch() throws {
    let one = try #require(vector(clip(colour: (250, 20, 20), step: 4)))
    let larger = try #require(vector(clip(colour: (250, 20, 20), step: 4, width: 320, height: 240)))
    let other = try #require(vector(clip(colour: (20, 250, 240), step: 0)))
    #expect(one.dot(larger) > 0.97)
    #expect(one.dot(other) < one.dot(larger) - 0.05)
  }

  @Test func plainFramesGiveFiniteNumbers() throws {
    for value in [UInt8(0), 128, 255] {
      let frame = Frame(width: 32, height: 24, pixels: [UInt8](repeating: value, count: 32 * 24 * 3))
      let found = try #require(vector([frame, frame, frame, frame, frame]))
      #expect(found.allSatisfy { $0.isFinite })
    }
  }

  @Test func resamplingKeepsMeansAndFootprintsSumToOne() {
    for filter in [Resampling.bilinear, .bicubic, .interpolation] {
      for (input, output) in [(640, 128), (3, 128), (128, 128), (1, 5), (101, 7)] {
        let footprints = filter.weights(from: input, to: output)
        #expect(footprints.count == output)
        for footprint in footprints {
          #expect(abs(footprint.weights.reduce(0, +) - 1) < 1e-4)
          #expect(footprint.start >= 0 && footprint.start + footprint.weights.count <= input)
        }
      }
    }
  }

  @Test func spectraFindFrequencies() {
    let slow = Spectrum.bands(of: (0..<64).map { $0 % 32 < 16 ? 1 : 0 })
    let fast = Spectrum.bands(of: (0..<64).map { $0 % 2 == 0 ? 1 : 0 })
    #expect(slow.indices.max { slow[$0] < slow[$1] } == 1 || slow.indices.max { slow[$0] < slow[$1] } == 0)
    #expect(fast.indices.max { fast[$0] < fast[$1] } == 15)
    #expect(Spectrum.bands(of: [1]).allSatisfy { $0 == 0 })
  }
}
