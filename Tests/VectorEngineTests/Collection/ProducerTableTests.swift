import Testing
import VectorModel

@testable import VectorEngine

@Suite struct ProducerTableTests {
  private static let producer = UUID128(high: 1, low: 2)

  private func stamp(_ sequence: UInt64) -> ProducerStamp {
    ProducerStamp(producer: Self.producer, sequence: sequence)
  }

  @Test func theLastWriteIsKnownAndAnOlderOneRefused() throws {
    var table = ProducerTable()
    #expect(try table.operation(of: stamp(5), isStreamed: false) == nil)
    table.note(stamp(5), operationID: 70, milliseconds: 0)
    #expect(try table.operation(of: stamp(5), isStreamed: false) == 70)
    #expect(try table.operation(of: stamp(6), isStreamed: false) == nil)
    let error = #expect(throws: RequestError.self) { try table.operation(of: stamp(4), isStreamed: false) }
    #expect(error?.httpStatus == 409)
    #expect(error?.message.contains("write 4 of producer \(Self.producer)") == true)
    #expect(try table.operation(of: stamp(4), isStreamed: true) == 70)
  }

  @Test func thoseThatWroteLastAreKept() throws {
    var table = ProducerTable()
    for number in 0...UInt64(ProducerTable.countMax) {
      table.note(
        ProducerStamp(producer: UUID128(high: 0, low: number), sequence: 1), operationID: number + 1,
        milliseconds: 0)
    }
    #expect(table.entries.count == ProducerTable.countMax)
    #expect(table.entries[UUID128(high: 0, low: 0)] == nil)
    #expect(try ProducerTable(decoding: table.encoded).entries.count == ProducerTable.countMax)
  }

  /// A write that was overtaken is lost, and whoever sent it is told.
  @Test func anOvertakenWriteIsRefusedByName() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(EngineFixture.plain)
    var parameters = UpdateParameters()
    for (sequence, point) in [(UInt64(2), UInt64(20)), (1, 10), (2, 20)] {
      parameters.producer = stamp(sequence)
      let operation = WriteOperation.upsert(UpsertOperation(points: [EngineFixture.point(point)]))
      let outcome = await fixture.outcome(.write(collection: "c", operation, parameters))
      switch outcome {
      case .success: #expect(sequence == 2)
      case .failure(let error): #expect(sequence == 1 && error.httpStatus == 409)
      }
    }
    #expect(try await fixture.count() == 1)
  }

  @Test func aBatchThatWouldForgetItselfIsRefused() async throws {
    let fixture = try EngineFixture()
    try await fixture.create(EngineFixture.plain)
    var parameters = UpdateParameters()
    for count in [ProducerTable.batchOperationsMax, ProducerTable.batchOperationsMax + 1] {
      parameters.producer = ProducerStamp(producer: .random(), sequence: 1)
      let operations = (0..<count).map { number in
        WriteOperation.upsert(UpsertOperation(points: [EngineFixture.point(UInt64(number))]))
      }
      let outcome = await fixture.outcome(.writeBatch(collection: "c", operations, parameters))
      switch outcome {
      case .success: #expect(count == ProducerTable.batchOperationsMax)
      case .failure(let error):
        #expect(count > ProducerTable.batchOperationsMax)
        #expect(error.message.contains("129 operations") && error.message.contains("128"), "\(error.message)")
      }
    }
    #expect(try await fixture.count() == ProducerTable.batchOperationsMax)
  }
}
