import FoundationEssentials
import Testing

@testable import VectorEmbedder

/// The installed model against reference values that another implementation made (Fixtures/make_minilm_fixtures.py).
///
/// The weights have 91 MB and are no part of the repository: without them, in NEEDLETAIL_EMBEDDER_MODEL_DIR or in
/// ./needletail-models, this suite does not run. `make test` installs them.
@Suite(.enabled(if: TestModel.isInstalled)) struct MiniLMTests {
  private struct Fixtures: Decodable {
    struct Case: Decodable {
      var text: String
      var ids: [Int32]
      var vector: [Float]
    }
    var cases: [Case]
  }

  private func fixtures() throws -> [Fixtures.Case] {
    let bytes = try Files.bytes(at: TestModel.testDirectory + "/Fixtures/minilm.json", stage: .read)
    return try JSONDecoder().decode(Fixtures.self, from: Data(bytes)).cases
  }

  @Test func tokensAreTheReferences() throws {
    let vocabulary = try Files.text(at: TestModel.minilm + "/vocab.txt", stage: .read)
    let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary)
    for fixture in try fixtures() {
      #expect(tokenizer.encode(fixture.text, tokensMax: 256) == fixture.ids, "\(fixture.text.prefix(60))")
    }
  }

  @Test func theVocabularyIsPartOfTheIdentity() throws {
    #expect(try MiniLMEmbedder(directory: TestModel.minilm).identity.hash == MiniLMEmbedder.weightsHash)
    let directory = try TemporaryDirectory()
    let weights = "/" + MiniLMEmbedder.weightsFile
    try FileManager.default.createSymbolicLink(
      atPath: directory.path + weights,
      withDestinationPath: VideoFinder.absolute(TestModel.minilm + weights))
    var pieces = try Files.text(at: TestModel.minilm + "/vocab.txt", stage: .read).split(separator: "\n")
    pieces.swapAt(5000, 6000)
    try Files.write(
      Array(pieces.joined(separator: "\n").utf8), to: directory.path + "/vocab.txt", stage: .read)
    let other = try MiniLMEmbedder(directory: directory.path).identity
    #expect(other.hash != MiniLMEmbedder.weightsHash)
    #expect(other.earlierHash == nil)
  }

  @Test func vectorsAreTheReferences() throws {
    let embedder = try MiniLMEmbedder(directory: TestModel.minilm)
    let cases = try fixtures()
    // Together and alone: neighbours in a batch change nothing.
    let together = try embedder.embed(cases.map(\.text), by: .far)
    for (fixture, vector) in zip(cases, together) {
      let cosine = vector.dot(fixture.vector)
      #expect(cosine >= 0.99999, "\(fixture.text.prefix(60)): \(cosine)")
      #expect(try embedder.embed([fixture.text], by: .far)[0].dot(vector) >= 0.99999)
    }
    #expect(embedder.identity.hash == MiniLMEmbedder.weightsHash)
  }

  @Test func longTextsAreAveraged() async throws {
    let embedder = try MiniLMEmbedder(directory: TestModel.minilm)
    let boats = String(repeating: "The boat sails over the sea. ", count: 40)
    let vector = try #require(try await embedder.vector(of: boats, as: .passage, by: .far))
    let query = try #require(try await embedder.vector(of: "a ship on the ocean", as: .query, by: .far))
    let other = try #require(try await embedder.vector(of: "tax law reform", as: .query, by: .far))
    #expect(vector.dot(query) > vector.dot(other) + 0.3)
    #expect(try await embedder.vector(of: "  ", as: .query, by: .far) == nil)
  }

  @Test func aDamagedFileIsRefused() throws {
    let directory = try TemporaryDirectory()
    let start = try Files.prefix(
      of: TestModel.minilm + "/model.safetensors", byteCount: 100_000, stage: .read)
    try Files.write(start, to: directory.path + "/model.safetensors", stage: .read)
    let vocabulary = try Files.bytes(at: TestModel.minilm + "/vocab.txt", stage: .read)
    try Files.write(vocabulary, to: directory.path + "/vocab.txt", stage: .read)
    #expect(throws: StageError.self) { try MiniLMEmbedder(directory: directory.path) }
  }
}

/// Where tests find what is not in the repository.
enum TestModel {
  static let testDirectory = String(#filePath[..<(#filePath.lastIndex(of: "/") ?? #filePath.endIndex)])

  static var modelDirectory: String {
    let named = ProcessInfo.processInfo.environment["NEEDLETAIL_EMBEDDER_MODEL_DIR"] ?? ""
    return named.isEmpty ? testDirectory + "/../../needletail-models" : named
  }

  static var minilm: String { modelDirectory + "/minilm" }
  static var isInstalled: Bool { Files.exists(minilm + "/model.safetensors") }

  /// libonnxruntime.so, where the environment names one.
  static let onnxLibrary = ProcessInfo.processInfo.environment["NEEDLETAIL_EMBEDDER_ONNX_LIBRARY"]

  /// The same model as an ONNX file, where the environment names one.
  static let minilmONNX = ProcessInfo.processInfo.environment["NEEDLETAIL_EMBEDDER_MINILM_ONNX"]

  /// Whether the worker's program is there, which runs the code of others for these tests too.
  static let hasProgram = Files.exists(IsolatedProgram.this.path)

  static let runsLongTests = ProcessInfo.processInfo.environment["NEEDLETAIL_EMBEDDER_LONG_TESTS"] == "1"

  static func hasPrograms(_ programs: String...) -> Bool {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return programs.allSatisfy { program in
      path.split(separator: ":").contains { Files.exists("\($0)/\(program)") }
    }
  }
}
