import Foundation
import Testing
import VectorModel

/// The bytes of every frame, held against files that the Python client's tests read too.
///
/// `NEEDLETAIL_WRITE_FIXTURES=1` writes the files anew, which is a change of the protocol.
@Suite struct GoldenFrameTests {
  static let directory = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("Fixtures")

  @Test func framesHaveTheBytesOfTheFixtures() throws {
    let samples = FrameSamples.prefaces() + (try FrameSamples.frames())
    if ProcessInfo.processInfo.environment["NEEDLETAIL_WRITE_FIXTURES"] != nil {
      for sample in samples { try Self.write(sample) }
    }
    for (name, bytes) in samples {
      #expect(try Self.read(name) == bytes, "\(name)")
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.directory.path)
    #expect(Set(files.filter { $0.hasSuffix(".hex") }) == Set(samples.map { $0.name + ".hex" }))
  }

  /// The body of a frame with another checksum differs in nothing else.
  @Test func onlyTheChecksumDependsOnItsKind() throws {
    var frames: [[UInt8]] = []
    for kind in FrameChecksum.Kind.allCases {
      var writer = FrameWriter(.ping, requestID: 5)
      writer.body.raw(Array("abc".utf8))
      frames.append(writer.finish(ReferenceChecksum.of(kind)))
    }
    #expect(frames[0][4...] == frames[1][4...])
    #expect(frames[0][..<4] != frames[1][..<4])
  }

  private static func write(_ sample: (name: String, bytes: [UInt8])) throws {
    var text = ""
    for start in stride(from: 0, to: sample.bytes.count, by: 16) {
      let line = sample.bytes[start..<min(start + 16, sample.bytes.count)]
      text += line.map { String(format: "%02x", $0) }.joined(separator: " ") + "\n"
    }
    try text.write(
      to: directory.appendingPathComponent(sample.name + ".hex"), atomically: true, encoding: .utf8)
  }

  private static func read(_ name: String) throws -> [UInt8] {
    let text = try String(contentsOf: directory.appendingPathComponent(name + ".hex"), encoding: .utf8)
    return text.split(whereSeparator: \.isWhitespace).compactMap { UInt8($0, radix: 16) }
  }
}
