import Testing
import VectorModel

@testable import VectorStorage

/// Bytes that no writer made, behind checksums that match: a decoder throws or returns, and never traps.
@Suite struct DecoderFuzzTests {
  /// A copy of `bytes` with a few bytes, words or runs replaced.
  private static func mutated(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
      let index = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[index] = UInt8(truncatingIfNeeded: random.next())
      case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2:
        let words: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF]
        let word = words[Int.random(in: 0..<5, using: &random)]
        for place in index..<min(index + 8, bytes.count) { bytes[place] = word }
      case 3: bytes.removeLast(Int.random(in: 0...min(64, bytes.count), using: &random))
      default: bytes.append(contentsOf: random.bytes(count: Int.random(in: 0..<32, using: &random)))
      }
    }
    return bytes
  }

  @Test func manifests() throws {
    var random = SplitMix64()
    let fields = Array(ManifestTests.manifest.encoded().dropLast(4))
    for _ in 0..<TestLength.rounds(2000, long: 500_000) {
      var bytes = Self.mutated(fields, &random)
      if bytes.count >= 16 { bytes.store(UInt32(bytes.count + 4), at: 12) }
      bytes.append(littleEndian: CRC32C.checksum(bytes.span))
      do throws(StorageError) {
        let manifest = try Manifest(bytes, file: "manifest")
        #expect(try Manifest(manifest.encoded(), file: "manifest") == manifest, "seed \(random.seed)")
      } catch {
        #expect(error.description.hasPrefix("manifest"), "seed \(random.seed)")
      }
    }
  }

  @Test func sectionTables() throws {
    var random = SplitMix64()
    var table = SectionTable()
    table.entries = [
      SectionTable.Entry(name: "first", offset: 4096, byteCount: 100, checksum: 1),
      SectionTable.Entry(name: "second", offset: 8192, byteCount: 0, checksum: 2),
    ]
    let (header, entries) = table.encoded()
    let body = [UInt8](repeating: 0, count: 8192 - header.count)
    for _ in 0..<TestLength.rounds(2000, long: 200_000) {
      let mutatedEntries = Self.mutated(entries, &random)
      var mutatedHeader = Array(Self.mutated(header, &random).prefix(60))
      mutatedHeader += [UInt8](repeating: 0, count: 60 - mutatedHeader.count)
      if Bool.random(using: &random) { mutatedHeader = Array(header[..<60]) }
      mutatedHeader.store(UInt64(8192 + mutatedEntries.count), at: 32)
      mutatedHeader.store(UInt64(mutatedEntries.count), at: 24)
      mutatedHeader.store(CRC32C.checksum(mutatedEntries.span), at: 40)
      mutatedHeader.append(littleEndian: CRC32C.checksum(mutatedHeader.span))
      let file = mutatedHeader + body + mutatedEntries
      do throws(StorageError) {
        let read = try SectionTable(file.span, path: "part")
        for entry in read.entries { #expect(entry.end <= file.count, "seed \(random.seed)") }
      } catch {
        #expect(error.description.hasPrefix("part"), "seed \(random.seed)")
      }
    }
  }

  @Test func recordHeaders() {
    var random = SplitMix64()
    for _ in 0..<TestLength.rounds(5000, long: 1_000_000) {
      var bytes = random.bytes(count: RecordHeader.byteCount)
      bytes.store(UInt32.random(in: 0...(1 << 21), using: &random), at: 0)
      bytes.store(UInt32.random(in: 0...8, using: &random), at: 36)
      guard let header = RecordHeader(bytes.span) else { continue }
      #expect(header.recordByteCount <= RecordHeader.recordBytesMax, "seed \(random.seed)")
    }
  }

  @Test func storePages() throws {
    let testing = try StoreTesting()
    let store = try testing.create()
    try store.commit(StoreTesting.batch(1...300, vectorBytes: 30))
    var batch = StoreTesting.batch(301...303, vectorBytes: 9000)
    for number in 1...20 as ClosedRange<UInt64> { batch.remove(number: number, id: StoreTesting.id(number)) }
    try store.commit(batch)
    try store.close()
    let contents = try testing.directory.fileSystem.readFile(testing.path, byteCountMax: 1 << 22)
    var random = SplitMix64()
    for _ in 0..<TestLength.rounds(300, long: 20_000) {
      var bytes = contents
      // Most of it in the headers of pages and nodes, where the structure is.
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let page = Int.random(in: 0..<(bytes.count / 4096), using: &random) * 4096
        let place = page + Int.random(in: 0..<(Bool.random(using: &random) ? 160 : 4088), using: &random)
        if Bool.random(using: &random) {
          bytes[place] = UInt8(truncatingIfNeeded: random.next())
        } else {
          bytes.store(UInt64(1) << UInt64.random(in: 0..<64, using: &random), at: place)
        }
      }
      let memory = SimulatedFileSystem()
      _ = try memory.open("/store-0.mdb", .createNew)
      memory.replace("/store-0.mdb", bytes)
      let report = try StoreInspection.run(memory, path: "/store-0.mdb")
      #expect(report.defectCount >= UInt64(report.defects.count), "seed \(random.seed)")
    }
  }
}
