import Testing
import VectorModel

/// Numbers as halves, bytes and bits, and vectors of them in records.
@Suite struct VectorElementTests {
  @Test func everyHalfComesBack() {
    for bits in UInt16.min...UInt16.max where bits & 0x7C00 != 0x7C00 {
      let value = VectorElement.float(half: bits)
      #expect(VectorElement.half(value) == bits)
      #if !(os(macOS) && arch(x86_64))
        #expect(value.bitPattern == Float(Float16(bitPattern: bits)).bitPattern)
      #endif
    }
  }

  @Test func numbersBecomeTheNearestHalf() {
    var random = SplitMix64(seed: 71)
    for _ in 0..<200_000 {
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
      guard value.isFinite, value.magnitude < VectorElement.halfOverflow else { continue }
      #if !(os(macOS) && arch(x86_64))
        #expect(VectorElement.half(value) == Float16(value).bitPattern, "\(value), seed 71")
      #endif
    }
    #expect(VectorElement.half(65_519.996) == 0x7BFF)
    #expect(VectorElement.half(1e30) == 0x7BFF && VectorElement.half(-.infinity) == 0xFBFF)
    #expect(VectorElement.half(1 + 0x1p-11) == 0x3C00, "a tie goes to even")
    #expect(VectorElement.half(1 + 0x3p-11) == 0x3C02, "a tie goes to even")
    #expect(VectorElement.half(0x1p-25) == 0 && VectorElement.half(-0x1.1p-25) == 0x8001)
  }

  @Test func elementsTakeTheNearestThatTheyHave() {
    let values: [Float] = [-1, 0, 0.4, 0.5, 1, 254.9, 300, .nan]
    #expect(PackedVector(values, as: .uint8).values == [0, 0, 0, 0, 1, 254, 255, 0])
    #expect(PackedVector(values, as: .bit).values == [0, 0, 0, 1, 1, 1, 1, 0])
    #expect(PackedVector(values, as: .bit).bytes == [0b0111_1000])
    #expect(PackedVector([1, -2.5], as: .float16).bytes == [0x00, 0x3C, 0x00, 0xC1])
    #expect(PackedVector([], as: .bit).bytes == [])
  }

  @Test(arguments: VectorElement.allCases) func vectorsComeBackFromRecords(element: VectorElement) throws {
    for dimension in [0, 1, 7, 8, 9, 64, 130] {
      let values = (0..<dimension).map { Float($0 % 3 == 0 ? 1 : 0) }
      let vectors = NamedVectors([
        .init(name: "a", value: .dense(values, as: element)), .init(name: "b", value: .dense([2])),
      ])
      var writer = ByteWriter()
      writer.vectors(vectors)
      var reader = ByteReader(writer.bytes)
      let read = try reader.vectors()
      #expect(read == vectors && reader.isAtEnd)
      #expect(read["a"]?.denseValues == values)
      #expect(read["a"]?.denseShape?.element == element && read["a"]?.denseShape?.dimension == dimension)
      for length in writer.bytes.indices {
        var short = ByteReader(Array(writer.bytes[..<length]))
        #expect(throws: RequestError.self) { try short.vectors() }
      }
    }
  }

  @Test func bitsBehindTheLastAreRefused() throws {
    var reader = ByteReader([4, 3, 0b0000_0101])
    let bits = try reader.vector()
    #expect(bits.denseValues == [1, 0, 1])
    reader = ByteReader([4, 3, 0b0000_1101])
    let error = #expect(throws: RequestError.self) { try reader.vector() }
    #expect(error?.message.contains("bits behind the 3") == true)
  }

  @Test func packedVectorsAreNumbersInJSON() throws {
    var writer = JSONWriter()
    VectorValue.dense([1, 0, 1], as: .bit).write(to: &writer)
    var plain = JSONWriter()
    VectorValue.dense([1, 0, 1]).write(to: &plain)
    #expect(writer.bytes == plain.bytes)
  }
}
