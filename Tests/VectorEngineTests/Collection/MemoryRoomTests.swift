import Testing
import VectorIndex

@testable import VectorEngine

@Suite struct MemoryRoomTests {
  @Test func codesAreCopiedWhileThereIsRoom() {
    let room = MemoryRoom(limitBytes: 1000 << 20, usedBytes: 100 << 20)
    #expect(room.residency(of: 400 << 20) == .copied)
    #expect(room.residency(of: 600 << 20) == .inPlace)
    #expect(MemoryRoom(limitBytes: 64 << 20, usedBytes: 63 << 20).residency(of: 0) == .inPlace)
    #expect(MemoryRoom(limitBytes: .max, usedBytes: 1 << 40).residency(of: 1 << 40) == .copied)
  }

  @Test func allGroupsAboveAreAsked() {
    #expect(
      MemoryRoom.chain("/system.slice/needletail.service") == [
        "/system.slice/needletail.service", "/system.slice", "",
      ])
    #expect(MemoryRoom.chain("/") == [""])
  }

  @Test func whatHoldsNowIsPlausible() {
    let room = MemoryRoom.now()
    #expect(room.limitBytes > 1 << 20 && room.limitBytes > room.usedBytes)
    #if os(Linux)
      #expect(room.usedBytes > 1 << 20)
    #endif
  }
}
