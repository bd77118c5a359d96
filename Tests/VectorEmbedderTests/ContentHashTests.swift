import FoundationEssentials
import Testing
import VectorModel

@testable import VectorEmbedder

@Suite struct ContentHashTests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func agreesWithTheStandard(message: String, digest: String) {
    var hash = SHA256()
    hash.update(Array(message.utf8))
    #expect(hash.finish() == digest)
  }

  @Test func blocksOfAnySizeGiveTheSame() {
    let message = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    var whole = SHA256()
    whole.update(message)
    let expected = whole.finish()
    for size in [1, 3, 55, 56, 63, 64, 65, 128, 999] {
      var hash = SHA256()
      for start in stride(from: 0, to: message.count, by: size) {
        hash.update(Array(message[start..<min(start + size, message.count)]))
      }
      #expect(hash.finish() == expected)
    }
  }

  @Test func aFileHasTheHashOfItsContent() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/a"
    try Files.write(Array("abc".utf8), to: path, stage: .read)
    #expect(try ContentHash.sha256(ofFile: path).hex.hasPrefix("ba7816bf"))
    #expect(throws: StageError.self) { try ContentHash.sha256(ofFile: directory.path + "/missing") }
  }

  @Test func thePointIDIsAUUIDOfVersion8() throws {
    let hash = ContentHash(hex: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(hash.pointID?.description == "ba7816bf-8f01-8fea-8141-40de5dae2223")
    #expect(ContentHash(hex: "zz").pointID == nil)
  }

  @Test func partsDoNotRunTogether() {
    #expect(ContentHash.sha256(of: ["ab", "c"]) != ContentHash.sha256(of: ["a", "bc"]))
  }
}
