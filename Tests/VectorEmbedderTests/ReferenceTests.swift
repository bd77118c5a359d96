import FoundationEssentials
import Testing
import VectorModel

@testable import VectorEmbedder

/// What other implementations make of texts and pictures (Fixtures/make_reference_fixtures.py).
@Suite struct ReferenceTests {
  private func fixture(_ name: String) throws -> JSONValue {
    try JSONValue(parsing: try Files.bytes(at: TestModel.testDirectory + "/Fixtures/" + name, stage: .read))
  }

  @Test(arguments: [("gpt2", BytePairTokenizer.Style.gpt2), ("clip", .clip)])
  func bytePairsAreTheReferences(name: String, style: BytePairTokenizer.Style) throws {
    let part = try #require(try fixture("byte_pairs.json")[name])
    var writer = JSONWriter()
    try #require(part["vocabulary"]).write(to: &writer)
    let merges = try #require(part["merges"]?.elements).compactMap(\.text).joined(separator: "\n")
    let tokenizer = try BytePairTokenizer(vocabulary: writer.bytes, merges: merges, style: style)
    let cases = try #require(part["cases"]?.elements)
    #expect(cases.count > 10)
    for fixture in cases {
      let text = try #require(fixture["text"]?.text)
      let ids = try #require(fixture["ids"]?.elements).compactMap { $0.double.map { Int32($0) } }
      #expect(tokenizer.encode(text, tokensMax: 1000) == ids, "\(text)")
    }
  }

  @Test(arguments: ["clip_vit_b32", "r2plus1d_18"])
  func picturesAreTheReferences(preset: String) throws {
    let recipe = try ONNXVideoRecipe(preset: preset)
    for fixture in try #require(try fixture("pictures.json").elements) {
      let width = Int(try #require(fixture["width"]?.double))
      let height = Int(try #require(fixture["height"]?.double))
      var pixels: [UInt8] = []
      for y in 0..<height {
        for x in 0..<width {
          for channel in 0..<3 {
            pixels.append(UInt8(truncatingIfNeeded: x * 7 + y * 13 + channel * 50 + x * y / 16))
          }
        }
      }
      let frame = Frame(width: width, height: height, pixels: pixels)
      let clip = [Frame](repeating: frame, count: recipe.clipFrames)
      let values = recipe.tensor(of: clip)
      // Of one frame; those of a clip are equal and stand side by side in each channel.
      let area = recipe.cropSize * recipe.cropSize
      let single = (0..<3).flatMap { channel in
        values[(channel * clip.count * area)..<((channel * clip.count + 1) * area)]
      }
      let expected = try #require(fixture[preset]?.elements).compactMap { $0.double.map { Float($0) } }
      let found = stride(from: 0, to: single.count, by: 997).map { single[$0] }
      #expect(found.count == expected.count)
      // Pillow rounds to 8 bits behind each of its two passes.
      let furthest = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
      #expect(furthest < (preset == "clip_vit_b32" ? 0.03 : 0.001), "\(width) × \(height): \(furthest)")
    }
  }
}
