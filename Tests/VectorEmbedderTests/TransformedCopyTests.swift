import FoundationEssentials
import Testing

@testable import VectorEmbedder

/// Copies that were cropped, mirrored and recoded find their originals by the classical descriptor.
///
/// 125 clips take minutes in a debug build, so this runs with NEEDLETAIL_EMBEDDER_LONG_TESTS=1 only (`make test-video`).
@Suite(.enabled(if: TestMedia.isPossible && TestModel.runsLongTests)) struct TransformedCopyTests {
  /// ffmpeg's sources with random colours, sizes and speeds.
  private static func source(_ index: Int, _ generator: inout SplitMix64) -> (source: String, filter: String)
  {
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    let size = "size=320x240:rate=12"
    let hue = "hue=h=\(number(0...359)):s=\(Double(number(6...16)) / 10)"
    let scroll = "scroll=h=\(Double(number(-30...30)) / 1000):v=\(Double(number(-30...30)) / 1000)"
    switch index % 10 {
    case 0: return ("testsrc=\(size)", hue)
    case 1: return ("testsrc2=\(size)", "\(hue),\(scroll)")
    case 2: return ("mandelbrot=\(size):start_scale=\(number(1...4))", hue)
    case 3:
      return (
        "life=size=80x60:rate=12:mold=\(number(5...20)):life_color=0x\(number(100_000...999_999))",
        "scale=320:240,\(hue)"
      )
    case 4: return ("gradients=\(size):n=\(number(2...6)):seed=\(number(1...999)):speed=0.02", "null")
    case 5: return ("smptehdbars=\(size)", "\(hue),\(scroll)")
    case 6: return ("sierpinski=\(size):seed=\(number(1...999)):jump=\(number(20...200))", hue)
    case 7: return ("rgbtestsrc=\(size)", "\(hue),rotate=\(number(1...6))*t/3")
    case 8:
      return (
        "color=c=0x\(number(100_000...999_999)):\(size)",
        "drawgrid=w=\(number(20...90)):h=\(number(20...90)):t=\(number(2...9)):c=white,\(scroll)"
      )
    default:
      return (
        "cellauto=\(size):rule=\([30, 90, 110, 18, 150][number(0...4)]):random_seed=\(number(1...999))",
        "\(hue),gblur=1"
      )
    }
  }

  private static let transformations = [
    "crop=iw*0.88:ih*0.88", "hflip", "scale=200:150",
    "crop=iw*0.9:ih*0.92,hflip,scale=240:180,eq=brightness=0.04",
  ]

  @Test func copiesFindTheirOriginals() async throws {
    let seed: UInt64 = 20_26
    print("seed \(seed)")
    var generator = SplitMix64(seed: seed)
    let directory = try TemporaryDirectory()
    let media = TestMedia(directory: directory.path)
    var vectors: [[Float]] = []
    var copies: [(original: Int, kind: Int, vector: [Float])] = []
    for index in 0..<25 {
      let (source, filter) = Self.source(index, &generator)
      try await media.picture("original.mp4", source: source, seconds: 3, filter: filter)
      vectors.append(try await vector(directory.path + "/original.mp4"))
      for (kind, transformation) in Self.transformations.enumerated() {
        try await media.recoded("copy.mp4", from: "original.mp4", filter: transformation)
        copies.append((index, kind, try await vector(directory.path + "/copy.mp4")))
      }
    }
    let misses = copies.filter { copy in
      vectors.indices.max { vectors[$0].dot(copy.vector) < vectors[$1].dot(copy.vector) } != copy.original
    }
    print("\(copies.count - misses.count) of \(copies.count) copies find their original")
    #expect(copies.count == 100)
    #expect(misses.count <= 10, "\(misses.map { ($0.original, $0.kind) })")
  }

  private func vector(_ path: String) async throws -> [Float] {
    let collector = DecodeCollector(
      accumulator: ClassicalDescriptor(), videoLimit: .seconds(3600), framesPerSecond: 4,
      screenIntervalSeconds: nil, screenFramesMax: 0,
      directory: "/nowhere")
    var wish = MediaDecoder.Wish(secondsMax: 60)
    wish.framesPerSecond = 4
    _ = try await MediaDecoder(timeLimit: .seconds(60)).decode(path, wish) { try await collector.add($0) }
    return try #require(try await collector.vector())
  }
}
