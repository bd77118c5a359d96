#if os(Linux)
  #if canImport(Glibc)
    import Glibc
  #else
    import Musl
  #endif
  import Testing
  import VectorModel
  import VectorStorage

  @testable import VectorEngine

  /// Commits of the store that fail while writes go on.
  @Suite struct CommitFaultTests {
    private static func opened() async throws -> EngineFixture {
      let fixture = try EngineFixture {
        $0.commitMillisecondsMax = 20
        $0.pendingBytesMax = 200_000
        $0.logSegmentBytes = 1 << 20
      }
      try await fixture.create(EngineFixture.plain)
      try await fixture.put(0..<2000, payloadBytes: 1000)
      while try !pending(fixture).isEmpty { await Task.yield() }
      return fixture
    }

    private static func pending(_ fixture: EngineFixture) throws -> PendingPoints {
      let id = try fixture.engine.catalogue.current.collection(named: "c")
      return try fixture.engine.collections.view(of: id).state.pending
    }

    /// Puts a file whose every write is an input or output error behind the descriptors that LMDB writes with.
    /// - Returns: the store's own file, under other descriptors.
    private static func breakWrites(to path: String) throws -> [Int32] {
      var originals: [Int32] = []
      for name in try POSIXFileSystem().list("/proc/self/fd") {
        guard let descriptor = Int32(name), POSIXFileSystem.resolved("/proc/self/fd/\(name)") == path else {
          continue
        }
        // Nothing is mapped at the low addresses that the offsets within a small store are.
        let broken = unsafe open("/proc/self/mem", O_RDWR | O_CLOEXEC)
        originals.append(dup(descriptor))
        try #require(broken >= 0 && dup2(broken, descriptor) == descriptor)
        close(broken)
      }
      try #require(!originals.isEmpty)
      return originals
    }

    @Test func anInputOutputErrorMakesTheCollectionReadOnlyUntilARestart() async throws {
      let fixture = try await Self.opened()
      let path = try #require(POSIXFileSystem.resolved(try fixture.storePath()))
      let originals = try Self.breakWrites(to: path)
      try await fixture.put(5000..<5010)
      var next: UInt64 = 6000
      var refusal: RequestError?
      while refusal == nil {
        do {
          try await fixture.put(next..<(next + 1))
          next += 1
        } catch { refusal = error as? RequestError }
      }
      #expect(refusal?.code == .unavailable)
      #expect(
        refusal?.message.contains("read-only until a restart: ") == true, "\(String(describing: refusal))")
      let dump = try await fixture.dump()
      #expect(dump.count == 2010 + Int(next - 6000), "reads go on with everything acknowledged")
      try fixture.engine.shutdown()
      for original in originals { close(original) }
      try fixture.reopen()
      #expect(try await fixture.dump() == dump)
      try await fixture.put(9000..<9001)
      #expect(try fixture.verifyOffline().defects == [])
    }

    /// The disk has no space for the store, then it has some again.
    private static func fillTheDisk() async throws {
      let fixture = try await opened()
      let size = try POSIXFileSystem().open(try fixture.storePath(), .read).byteCount()
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit()
      unsafe getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      var full = limit
      full.rlim_cur = rlim_t(max(size, 3 << 20))
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &full)
      var next: UInt64 = 10_000
      var refusal: RequestError?
      while refusal == nil {
        do {
          try await fixture.put(next..<(next + 20), payloadBytes: 1000)
          next += 20
        } catch { refusal = error as? RequestError }
      }
      #expect(refusal?.code == .insufficientStorage, "\(String(describing: refusal))")
      #expect(try await fixture.count() == 2000 + Int(next - 10_000), "reads go on")
      #expect(try pending(fixture).byteCount < 400_000, "memory stays bounded")
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      while try !pending(fixture).isEmpty { await Task.yield() }
      try await fixture.put(next..<(next + 20), payloadBytes: 1000)
      let dump = try await fixture.dump()
      #expect(dump.count == 2020 + Int(next - 10_000))
      #expect(try fixture.verifyOffline().defects == [])
      #expect(try await fixture.dump() == dump)
    }

    /// In a process of its own: the limit of files' sizes that stands for the disk's is the process's.
    @Test func aFullDiskStopsWritesUntilThereIsSpace() async {
      await #expect(processExitsWith: .success) { try await CommitFaultTests.fillTheDisk() }
    }
  }
#endif
