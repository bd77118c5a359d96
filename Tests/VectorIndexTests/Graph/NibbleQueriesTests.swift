import Testing
import VectorModel

@testable import VectorIndex

/// Rows of nibbles compared with each other.
@Suite struct NibbleQueriesTests {
  private func codes(_ rows: SyntheticRows, _ format: CodeFormat, scale: Float) throws -> CodeTable {
    let vectors = VectorTable(
      vectors: rows.memory, count: rows.count, dimension: rows.dimension, element: .float32,
      distance: rows.distance)
    return try CodeTable.encode(
      vectors, distance: rows.distance, format: format, mean: CodeTable.mean(of: vectors), uniformScale: scale
    )
  }

  /// Both rows are rounded, so that a distance is off by the errors of both; an odd dimension leaves a nibble unused.
  @Test(arguments: [Distance.cosine, .dot, .euclid], [128, 127, 1])
  func aRowsDistanceIsThatOfItsVector(distance: Distance, dimension: Int) throws {
    let rows = SyntheticRows(count: 300, dimension: dimension, distance: distance, seed: 71)
    // Half a step of a ninth of the elements' deviation.
    let deviation = (rows.values.reduce(0) { $0 + $1 * $1 } / Float(rows.values.count)).squareRoot()
    for format in [CodeFormat.uniformNibbles, .nibbles] where CodeTable.supports(format, distance: distance) {
      let table = try codes(rows, format, scale: deviation * 0.2).comparable()
      let memory = UnsafeMutableRawPointer.allocate(byteCount: table.queryByteCount, alignment: 64)
      defer { unsafe memory.deallocate() }
      var (error, spread) = (Float(0), Float(0))
      for row in stride(from: 0, to: rows.count, by: 7) {
        let scorer = unsafe table.scorer(ofRow: row, memory: memory)
        var found = [Float](repeating: 0, count: 64)
        unsafe scorer.score(nil, first: 100, count: 64, into: &found)
        for (index, distance) in found.enumerated() {
          let exact = rows.distance(rows.row(row), rows.row(100 + index))
          error += (distance - exact) * (distance - exact)
          spread += exact * exact
        }
      }
      // A sixteenth of the length for each of two rows, and as much for the single element that has no neighbours to
      // make up for its error.
      #expect(error <= (dimension == 1 ? 0.1 : 0.02) * spread, "\(format), seed 71")
    }
  }

  @Test func aRowIsNearestToItself() throws {
    let rows = SyntheticRows(count: 400, dimension: 64, distance: .euclid, seed: 72)
    let table = try codes(rows, .uniformNibbles, scale: 0.2).comparable()
    let memory = UnsafeMutableRawPointer.allocate(byteCount: table.queryByteCount, alignment: 64)
    defer { unsafe memory.deallocate() }
    for row in 0..<64 {
      let scorer = unsafe table.scorer(ofRow: row, memory: memory)
      var found = [Float](repeating: 0, count: 64)
      unsafe scorer.score(nil, first: 0, count: 64, into: &found)
      #expect(abs(found[row]) < 1e-3 && found.allSatisfy { $0 >= found[row] }, "row \(row), seed 72")
    }
  }
}
