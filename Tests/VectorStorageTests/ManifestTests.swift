import Testing
import VectorModel

@testable import VectorStorage

@Suite struct ManifestTests {
  static let manifest = Manifest(
    collection: UUID128(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10), epoch: 5, storeNumber: 2,
    firstNeededSequence: 1001,
    generations: [
      Manifest.Generation(
        number: 3, coveredThrough: 900,
        files: [
          Manifest.NamedFile(role: "slots", path: "generation-3/slots.part"),
          Manifest.NamedFile(role: "vector:titre é", path: "generation-2/vector-0.part"),
        ]),
      Manifest.Generation(number: 4, coveredThrough: 1000, files: []),
    ])

  private static func makeShard() throws -> (SimulatedFileSystem, ShardDirectory) {
    let fileSystem = SimulatedFileSystem()
    try fileSystem.createDirectory("/shard")
    try fileSystem.createDirectory("/shard/log")
    return (fileSystem, ShardDirectory(fileSystem, path: "/shard"))
  }

  @Test func itComesBack() throws {
    let (_, shard) = try Self.makeShard()
    #expect(throws: StorageError.self) { try shard.readManifest() }
    try shard.writeManifest(Self.manifest)
    #expect(try shard.readManifest() == Self.manifest)
    let empty = Manifest(collection: UUID128(high: 0, low: 1), epoch: 1)
    try shard.writeManifest(empty)
    #expect(try shard.readManifest() == empty)
  }

  @Test func everyByteFlippedOrCutOffIsNoticed() throws {
    let (fileSystem, shard) = try Self.makeShard()
    try shard.writeManifest(Self.manifest)
    let contents = try #require(fileSystem.contents(shard.manifestPath))
    var variants = (0..<contents.count).map { Array(contents[..<$0]) }
    for index in contents.indices {
      var flipped = contents
      flipped[index] ^= 1 << (index % 8)
      variants.append(flipped)
    }
    variants.append(contents + [0])
    for variant in variants {
      fileSystem.replace(shard.manifestPath, variant)
      let error = #expect(throws: StorageError.self) { try shard.readManifest() }
      #expect(error?.description.hasPrefix(shard.manifestPath) == true)
    }
  }

  @Test func pathsStayBelowTheShard() throws {
    for path in ["", "/etc/passwd", "../other", "a/../b", "a//b", "."] {
      var manifest = Self.manifest
      manifest.generations[0].files[0].path = path
      #expect(throws: StorageError.self) { try Manifest(manifest.encoded(), file: "manifest") }
    }
  }

  @Test func aNewerVersionIsRefused() throws {
    var bytes = Array(Self.manifest.encoded().dropLast(4))
    bytes[8] = 2
    bytes.append(littleEndian: CRC32C.checksum(bytes.span))
    #expect(throws: StorageError.newerFormat(file: "manifest", found: 2, supported: 1)) {
      try Manifest(bytes, file: "manifest")
    }
  }

  @Test(arguments: SimulatedFileSystem.Fault.allCases)
  func replacementIsAtomic(_ fault: SimulatedFileSystem.Fault) throws {
    var next = Self.manifest
    next.storeNumber = 3
    var call = 0
    var hasFired = true
    while hasFired {
      for end in 0..<4 {
        let (fileSystem, shard) = try Self.makeShard()
        try shard.writeManifest(Self.manifest)
        fileSystem.arm(fault, atCall: call)
        let isDone = (try? shard.writeManifest(next)) != nil
        hasFired = fileSystem.callCount > call
        var random = SplitMix64(seed: UInt64(call * 4 + end))
        if end == 0 { fileSystem.kill() } else { fileSystem.losePower(&random) }
        let found = try shard.readManifest()
        #expect(found == next || (found == Self.manifest && !isDone), "\(fault) at call \(call), end \(end)")
      }
      call += 1
    }
    #expect(call > 6)
  }

  @Test func whatTheManifestDoesNotNameIsRemoved() throws {
    let (fileSystem, shard) = try Self.makeShard()
    for generation in 1...4 as ClosedRange<UInt64> { try shard.createGeneration(generation) }
    let kept = [
      "manifest", "store-2.mdb", "store-2.mdb-lock", "generation-3/slots.part", "generation-2/vector-0.part",
      "log/00000000000000000001.log", "generation-4/building.part",
    ]
    let removed = [
      "store-1.mdb", "store-3.mdb.tmp", "generation-1/slots.part", "generation-2/slots.part", "manifest.tmp",
    ]
    for name in kept + removed { _ = try fileSystem.open("/shard/" + name, .createNew) }
    try shard.removeUnnamed(by: Self.manifest, keeping: ["generation-4/building.part"])
    #expect(fileSystem.paths == kept.map { "/shard/" + $0 }.sorted())
    #expect(try fileSystem.kind(of: "/shard/generation-1") == nil)
    #expect(try fileSystem.kind(of: "/shard/generation-2") == .directory)
  }

  /// The process ends while it replaces the manifest, the next one removes what that does not name, and then the
  /// power fails: whichever manifest is in force has its files.
  @Test func aManifestThatComesBackHasItsFiles() throws {
    func manifest(_ generation: UInt64) -> Manifest {
      var manifest = Self.manifest
      manifest.generations = [
        Manifest.Generation(
          number: generation, coveredThrough: 9,
          files: [Manifest.NamedFile(role: "points", path: "generation-\(generation)/points")])
      ]
      return manifest
    }
    for call in 0..<8 {
      for seed in 0..<8 as Range<UInt64> {
        let (fileSystem, shard) = try Self.makeShard()
        for generation in [1, 2] as [UInt64] {
          try shard.createGeneration(generation)
          let writer = try SectionFileWriter(fileSystem, path: shard.generationPath(generation) + "/points")
          _ = try writer.finish()
        }
        try shard.writeManifest(manifest(1))
        fileSystem.arm(.kill, atCall: call)
        try? shard.writeManifest(manifest(2))
        fileSystem.kill()
        try shard.removeUnnamed(by: shard.readManifest())
        var random = SplitMix64(seed: seed)
        fileSystem.losePower(&random)
        let part = "/shard/" + (try shard.readManifest().generations[0].files[0].path)
        #expect(try fileSystem.kind(of: part) == .file, "killed at call \(call), seed \(seed)")
      }
    }
  }
}
