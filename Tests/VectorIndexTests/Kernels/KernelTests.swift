import CKernels
import Testing

@testable import VectorIndex

/// Every instruction set against the scalar reference, at every length and at unaligned starts.
@Suite struct KernelTests {
  private static let lengthMax = 1025
  private static let scalar = kernels(NT_VARIANT_SCALAR)

  private static func kernels(_ variant: nt_variant) -> nt_kernels? {
    guard let table = unsafe nt_kernels_of(variant) else { return nil }
    return unsafe table.pointee
  }

  /// The variants that this processor has, besides the reference.
  static var variants: [UInt32] {
    [NT_VARIANT_AVX2, NT_VARIANT_AVX512, NT_VARIANT_NEON].filter { kernels($0) != nil }.map(\.rawValue)
  }

  @Test func bestTableIsTheLastSupported() throws {
    let best = unsafe try #require(unsafe nt_kernels_best())
    let expected = Self.variants.max() ?? NT_VARIANT_SCALAR.rawValue
    #expect(unsafe best.pointee.variant.rawValue == expected)
  }

  @Test(arguments: variants) func floatPairsAgreeWithScalar(variant: UInt32) throws {
    let reference = try #require(Self.scalar)
    let tested = try #require(Self.kernels(nt_variant(variant)))
    var random = SplitMix64(state: 1)
    let a = (0..<Self.lengthMax + 16).map { _ in Float.random(in: -1...1, using: &random) }
    let b = (0..<Self.lengthMax + 16).map { _ in Float.random(in: -1...1, using: &random) }
    for length in 1...Self.lengthMax {
      let start = length % 16
      unsafe a.withUnsafeBufferPointer { a in
        unsafe b.withUnsafeBufferPointer { b in
          let left = unsafe a.baseAddress.unsafelyUnwrapped + start
          let right = unsafe b.baseAddress.unsafelyUnwrapped + (15 - start)
          let slack = 1e-6 * Float(length) + 1e-5
          #expect(unsafe abs(tested.dot(left, right, length) - reference.dot(left, right, length)) < slack)
          #expect(
            unsafe abs(tested.squared_l2(left, right, length) - reference.squared_l2(left, right, length))
              < slack)
          #expect(unsafe abs(tested.l1(left, right, length) - reference.l1(left, right, length)) < slack)
        }
      }
    }
  }

  @Test(arguments: [NT_VARIANT_SCALAR.rawValue] + variants) func wordsAreCounted(variant: UInt32) throws {
    let tested = try #require(Self.kernels(nt_variant(variant)))
    var random = SplitMix64(state: 8)
    for length in 0...Self.lengthMax {
      let words = (0..<length).map { _ in UInt64.random(in: 0...4 * UInt64(length), using: &random) << 50 }
        .sorted()
      let ones = words.reduce(0) { $0 + $1.nonzeroBitCount }
      #expect(unsafe tested.count_ones(words, length) == ones, "length \(length), seed 8")
      for probe in [0, .max] + (0..<4).compactMap({ _ in words.randomElement(using: &random) }) {
        for wanted in [probe &- 1, probe, probe &+ 1] {
          let place = words.count { $0 <= wanted }
          var inserted = words + [0]
          #expect(
            unsafe tested.insert(&inserted, length, wanted) == place, "length \(length), seed 8, \(wanted)")
          #expect(
            inserted == words[..<place] + [wanted] + words[place...], "length \(length), seed 8, \(wanted)")
        }
      }
    }
  }

  @Test(arguments: [NT_VARIANT_SCALAR.rawValue] + variants) func theNearestOfferedNodesStay(variant: UInt32)
    throws
  {
    let tested = try #require(Self.kernels(nt_variant(variant)))
    var random = SplitMix64(state: 11)
    func word(_ node: UInt32, _ distance: Float) -> UInt64 {
      unsafe UInt64(CandidatePool.key(distance)) << 32 | UInt64(node) << 1
    }
    let outside = UInt64.max
    for round in 0..<4_000 {
      let capacity = Int.random(in: 1...(round % 2 == 0 ? 20 : 300), using: &random)
      // Few distances, so that many are equal; nodes of those that are there may be marked as expanded.
      func distance() -> Float {
        let drawn = Float(Int.random(in: -20...20, using: &random)) / 4
        return drawn == 5 ? .nan : drawn == -5 ? -.infinity : drawn == 0 ? -0.0 : drawn
      }
      var nodes = Array(0..<UInt32(capacity + 70)).shuffled(using: &random)
      var expected = (0..<Int.random(in: 0...capacity, using: &random)).map { _ in
        word(nodes.removeLast(), distance()) | UInt64.random(in: 0...1, using: &random)
      }
      expected.sort()
      var count = expected.count
      var words = expected + [UInt64](repeating: outside, count: capacity + 1 - count)
      let offered = nodes.prefix(Int.random(in: 0...nodes.count, using: &random))
      let distances = offered.map { _ in distance() }
      let least = unsafe tested.offer(&words, &count, capacity, Array(offered), distances, offered.count)
      let added = zip(offered, distances).map { word($0, $1) }
      expected = Array((expected + added).sorted().prefix(capacity))
      #expect(Array(words.prefix(count)) == expected, "seed 11, round \(round)")
      #expect(words[capacity] == outside, "seed 11, round \(round)")
      #expect(least == expected.firstIndex(where: Set(added).contains) ?? capacity, "seed 11, round \(round)")
    }
  }

  @Test(arguments: [NT_VARIANT_SCALAR.rawValue] + variants) func bytesInARangeAreMarked(variant: UInt32)
    throws
  {
    let tested = try #require(Self.kernels(nt_variant(variant)))
    var random = SplitMix64(state: 10)
    for length in 0...Self.lengthMax {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      let before = (0..<(length + 63) / 64).map { _ in UInt64.random(in: 0 ... .max, using: &random) & 0x8001
      }
      for (low, high) in [(0, 255), (0, 0), (255, 255), (3, 253), (100, 101), (128, 200)] as [(UInt8, UInt8)]
      {
        var words = before
        unsafe tested.bytes_between(bytes, length, low, high, &words)
        var expected = before
        for (place, byte) in bytes.enumerated() where (low...high).contains(byte) {
          expected[place / 64] |= 1 << UInt64(place % 64)
        }
        #expect(words == expected, "length \(length), seed 10, \(low)...\(high)")
      }
    }
  }

  @Test(arguments: variants) func codePairsAreExact(variant: UInt32) throws {
    let reference = try #require(Self.scalar)
    let tested = try #require(Self.kernels(nt_variant(variant)))
    var random = SplitMix64(state: 2)
    let codes = (0..<Self.lengthMax + 64).map { _ in UInt8.random(in: 0...255, using: &random) }
    let query = (0..<Self.lengthMax + 64).map { _ in Int8.random(in: -127...127, using: &random) }
    for length in 1...Self.lengthMax {
      let start = length % 64
      unsafe codes.withUnsafeBufferPointer { codes in
        unsafe query.withUnsafeBufferPointer { query in
          let left = unsafe codes.baseAddress.unsafelyUnwrapped + start
          let right = unsafe query.baseAddress.unsafelyUnwrapped + (63 - start)
          #expect(unsafe tested.code_dot(left, right, length) == reference.code_dot(left, right, length))
        }
      }
    }
  }

  @Test(arguments: [NT_VARIANT_SCALAR.rawValue] + variants) func longestCodesDoNotOverflow(variant: UInt32)
    throws
  {
    let tested = try #require(Self.kernels(nt_variant(variant)))
    let codes = [UInt8](repeating: 255, count: 65_536)
    for extreme: Int8 in [127, -127] {
      let query = [Int8](repeating: extreme, count: 65_536)
      #expect(unsafe tested.code_dot(codes, query, 65_536) == 255 * 65_536 * Int32(extreme))
    }
  }

  @Test(arguments: [NT_VARIANT_SCALAR.rawValue] + variants) func codeQueriesAreTheRowAndItsSum(
    variant: UInt32
  ) throws {
    let tested = try #require(Self.kernels(nt_variant(variant)))
    var random = SplitMix64(state: 3)
    let codes = (0..<Self.lengthMax + 1).map { _ in UInt8.random(in: 1...255, using: &random) }
    for length in 1...Self.lengthMax {
      let padded = (length + 63) / 64 * 64
      var query = [Int8](repeating: 99, count: padded + 1)
      let offset = unsafe codes.withUnsafeBufferPointer { codes in
        unsafe tested.code_query(codes.baseAddress.unsafelyUnwrapped + 1, length, &query)
      }
      let expected = codes[1...length].map { Int8(Int($0) - 128) }
      #expect(Array(query[..<length]) == expected)
      #expect(query[length..<padded].allSatisfy { $0 == 0 })
      #expect(query[padded] == 99)
      #expect(offset == 128 * expected.reduce(0) { $0 + Int32($1) })
    }
  }

  @Test(arguments: [NT_VARIANT_SCALAR.rawValue] + variants) func nibblesBecomeQueries(variant: UInt32) throws
  {
    let tested = try #require(Self.kernels(nt_variant(variant)))
    var random = SplitMix64(state: 11)
    let values = (0..<16).map { _ in Int8.random(in: -60...60, using: &random) }
    for length in 1...Self.lengthMax {
      let bytes = (length + 63) / 64 * 64
      var row = (0..<bytes).map { _ in UInt8.random(in: 0...255, using: &random) }
      let center = (0..<2 * bytes).map { _ in Int8.random(in: -67...67, using: &random) }
      var query = [Int8](repeating: 99, count: 2 * bytes + 1)
      let sum = unsafe tested.nibble_query(row, length, values, center, &query)
      for place in length..<bytes { row[place] = 0 }
      let expected = (row.map { values[Int($0 & 15)] } + row.map { values[Int($0 >> 4)] }).enumerated()
        .map { $0.element + center[$0.offset] }
      #expect(Array(query[..<(2 * bytes)]) == expected)
      #expect(query[2 * bytes] == 99)
      #expect(sum == expected.reduce(0) { $0 + Int32($1) })
    }
  }

  @Test(arguments: [NT_VARIANT_SCALAR.rawValue] + variants) func numbersBecomeCodes(variant: UInt32) throws {
    let tested = try #require(Self.kernels(nt_variant(variant)))
    var random = SplitMix64(state: 12)
    let numbers = (0..<Self.lengthMax + 16).map { _ in Float.random(in: -1...1, using: &random) }
    let mean = (0..<Self.lengthMax + 16).map { _ in Float.random(in: -1...1, using: &random) }
    for length in 1...Self.lengthMax {
      for isCentred in [false, true] {
        var codes = [Int8](repeating: 99, count: length + 1)
        let start = length % 16
        let (largest, sum) = unsafe numbers.withUnsafeBufferPointer { numbers in
          unsafe mean.withUnsafeBufferPointer { mean in
            let center = unsafe isCentred ? mean.baseAddress.unsafelyUnwrapped + start : nil
            let vector = unsafe numbers.baseAddress.unsafelyUnwrapped + start
            return unsafe (
              tested.largest(vector, center, length), tested.quantize(vector, center, length, 100, &codes)
            )
          }
        }
        let expected = (start..<start + length).map { isCentred ? numbers[$0] - mean[$0] : numbers[$0] }
        #expect(largest == expected.reduce(0) { max($0, abs($1)) })
        #expect(
          zip(codes, expected).allSatisfy {
            abs(Float($0) - min(127, max(-127, 100 * $1))) <= 0.5 + 1e-4
          })
        #expect(codes[length] == 99)
        #expect(sum == codes[..<length].reduce(0) { $0 + Int32($1) })
      }
    }
    var codes = [Int8](repeating: 99, count: 4)
    _ = unsafe tested.quantize([.infinity, -.infinity, 1e30, 0], nil, 4, 2, &codes)
    #expect(codes == [127, -127, 127, 0])
    #expect(unsafe !tested.largest([0, -.infinity, 3], nil, 3).isFinite)
  }

  @Test(arguments: variants) func rowsAgreeWithPairs(variant: UInt32) throws {
    let reference = try #require(Self.scalar)
    let tested = try #require(Self.kernels(nt_variant(variant)))
    var random = SplitMix64(state: 4)
    for (dimension, count) in [(1, 1), (3, 2), (17, 5), (96, 33), (384, 64), (1025, 7)] {
      let base = (0..<dimension * 64).map { _ in Float.random(in: -1...1, using: &random) }
      let query = (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
      let rows = (0..<count).map { _ in UInt32.random(in: 0..<64, using: &random) }
      for named in [true, false] {
        var got = [[Float]](repeating: [Float](repeating: 0, count: count), count: 3)
        var expected = got
        let ids = named ? rows : Array(0..<UInt32(count))
        unsafe ids.withUnsafeBufferPointer { ids in
          let pointer = named ? ids.baseAddress : nil
          unsafe tested.negated_dot_rows(query, dimension, base, dimension, pointer, count, &got[0])
          unsafe tested.squared_l2_rows(query, dimension, base, dimension, pointer, count, &got[1])
          unsafe tested.l1_rows(query, dimension, base, dimension, pointer, count, &got[2])
          unsafe reference.negated_dot_rows(query, dimension, base, dimension, pointer, count, &expected[0])
          unsafe reference.squared_l2_rows(query, dimension, base, dimension, pointer, count, &expected[1])
          unsafe reference.l1_rows(query, dimension, base, dimension, pointer, count, &expected[2])
        }
        for kernel in 0..<3 {
          for index in 0..<count {
            #expect(abs(got[kernel][index] - expected[kernel][index]) < 1e-6 * Float(dimension) + 1e-5)
          }
        }
      }
    }
  }

  @Test(arguments: variants) func rowsOfCodesAgreeWithScalar(variant: UInt32) throws {
    let reference = try #require(Self.scalar)
    let tested = try #require(Self.kernels(nt_variant(variant)))
    var random = SplitMix64(state: 5)
    for blocks in [1, 2, 6, 17] {
      let stride = (blocks + 1) * 64
      var base = (0..<stride * 40).map { _ in UInt8.random(in: 0...255, using: &random) }
      for row in 0..<40 {
        unsafe base.withUnsafeMutableBytes { bytes in
          unsafe bytes.storeBytes(
            of: nt_code_tail(scale: 0.5, bias: Float(row)), toByteOffset: (row + 1) * stride - 8,
            as: nt_code_tail.self)
        }
      }
      let codes = (0..<blocks * 128).map { _ in Int8.random(in: -127...127, using: &random) }
      for count in 0...19 {
        let rows = (0..<count).map { _ in UInt32.random(in: 0..<40, using: &random) }
        var got = [Float](repeating: 0, count: 3 * count + 1)
        var expected = got
        unsafe codes.withUnsafeBufferPointer { codes in
          var query = unsafe nt_code_query(
            codes: codes.baseAddress, blocks: blocks, scale: -0.25, constant: 3, offset: 77,
            has_tails: Int32(count % 2), entry_offset: 0, square: 0.5, square_constant: 11)
          unsafe tested.code_rows(&query, base, stride, rows, count, &got)
          unsafe reference.code_rows(&query, base, stride, rows, count, &expected)
          unsafe got.withUnsafeMutableBufferPointer { got in
            let out = unsafe got.baseAddress.unsafelyUnwrapped
            unsafe tested.nibble_rows(&query, base, stride, rows, count, out + count)
            unsafe tested.bit_rows(&query, base, stride, rows, count, out + 2 * count)
          }
          unsafe expected.withUnsafeMutableBufferPointer { expected in
            let out = unsafe expected.baseAddress.unsafelyUnwrapped
            unsafe reference.nibble_rows(&query, base, stride, rows, count, out + count)
            unsafe reference.bit_rows(&query, base, stride, rows, count, out + 2 * count)
          }
        }
        #expect(got == expected)
      }
    }
  }

  @Test(arguments: variants) func squaresOfNibblesAgreeWithScalar(variant: UInt32) throws {
    let reference = try #require(Self.scalar)
    let tested = try #require(Self.kernels(nt_variant(variant)))
    var random = SplitMix64(state: 6)
    for blocks in [1, 3, 9] {
      let base = (0..<blocks * 64 * 40).map { _ in UInt8.random(in: 0...255, using: &random) }
      let codes = (0..<blocks * 128).map { _ in Int8.random(in: -127...127, using: &random) }
      for count in 0...19 {
        let rows = (0..<count).map { _ in UInt32.random(in: 0..<40, using: &random) }
        var (got, expected) = ([Float](repeating: 0, count: count), [Float](repeating: 0, count: count))
        unsafe codes.withUnsafeBufferPointer { codes in
          var query = unsafe nt_code_query(
            codes: codes.baseAddress, blocks: blocks, scale: -0.25, constant: 3, offset: 77, has_tails: 0,
            entry_offset: 0, square: 0.5, square_constant: 11)
          unsafe tested.nibble_square_rows(&query, base, blocks * 64, rows, count, &got)
          unsafe reference.nibble_square_rows(&query, base, blocks * 64, rows, count, &expected)
        }
        for (value, wanted) in zip(got, expected) { #expect(abs(value - wanted) <= 1e-5 * abs(wanted) + 1) }
      }
    }
  }

  @Test(arguments: variants) func entriesAgreeWithScalar(variant: UInt32) throws {
    let reference = try #require(Self.scalar)
    let tested = try #require(Self.kernels(nt_variant(variant)))
    var random = SplitMix64(state: 7)
    for (length, count) in [(64, 1), (64, 16), (128, 17), (384, 100)] {
      let blocks = (count + 15) / 16
      var bytes = (0..<blocks * (length * 16 + 128)).map { _ in UInt8.random(in: 0...255, using: &random) }
      for block in 0..<blocks {
        let tails = (block + 1) * (length * 16 + 128) - 128
        for lane in 0..<32 {
          let value = lane >= 16 && block * 16 + lane - 16 >= count ? Float.infinity : Float(lane) / 4
          unsafe bytes.withUnsafeMutableBytes { bytes in
            unsafe bytes.storeBytes(of: value, toByteOffset: tails + 4 * lane, as: Float.self)
          }
        }
      }
      let codes = (0..<length).map { _ in Int8.random(in: -127...127, using: &random) }
      var got = [Float](repeating: 0, count: blocks * 17)
      var expected = got
      unsafe codes.withUnsafeBufferPointer { codes in
        var query = unsafe nt_code_query(
          codes: codes.baseAddress, blocks: length / 64, scale: 0.125, constant: 3, offset: 0, has_tails: 1,
          entry_offset: 128 * codes.reduce(0) { $0 + Int32($1) }, square: 0, square_constant: 0)
        for (kernels, isTested) in [(tested, true), (reference, false)] {
          var values = [Float](repeating: 0, count: blocks * 17)
          unsafe values.withUnsafeMutableBufferPointer { values in
            let start = unsafe values.baseAddress.unsafelyUnwrapped
            unsafe kernels.entry_rows(&query, length, bytes, count, start, start + blocks * 16)
          }
          if isTested { got = values } else { expected = values }
        }
      }
      for block in 0..<blocks {
        #expect(got[blocks * 16 + block] == got[block * 16..<block * 16 + 16].min())
      }
      for (value, wanted) in zip(got, expected) {
        #expect(value == wanted || abs(value - wanted) <= 1e-5 * abs(wanted) + 0.1)
      }
    }
  }

  @Test(arguments: [1, 2, 63, 64, 65, 384, 1001]) func bitsGiveTheInnerProduct(dimension: Int) throws {
    let kernels = try #require(Self.scalar)
    var random = SplitMix64(state: UInt64(dimension))
    let vector = (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
    let query = (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
    let blocks = (dimension + 63) / 64
    var row = [UInt8](repeating: 255, count: (blocks * 8 + 63) / 64 * 64)
    let scale = unsafe nt_encode_bits(vector, nil, dimension, &row)
    var unsigned = [UInt8](repeating: 0, count: dimension)
    _ = unsafe nt_encode(query, nil, dimension, &unsigned)
    var signed = [Int8](repeating: 99, count: blocks * 64)
    var offset: Int32 = 0
    let step = unsafe nt_encode_query(query, nil, dimension, 1, blocks, &signed, &offset)
    var distance: Float = 0
    unsafe signed.withUnsafeBufferPointer { signed in
      var prepared = unsafe nt_code_query(
        codes: signed.baseAddress, blocks: blocks, scale: scale * step, constant: 0, offset: offset,
        has_tails: 0, entry_offset: 0, square: 0, square_constant: 0)
      unsafe kernels.bit_rows(&prepared, row, row.count, nil, 1, &distance)
    }
    let exact = zip(vector, unsigned).reduce(Float(0)) {
      $0 + ($1.0 > 0 ? scale : -scale) * step * (Float($1.1) - 128)
    }
    #expect(abs(distance - exact) <= 1e-4 * Float(dimension))
    // Along itself a row keeps its length.
    let length = vector.reduce(0) { $0 + $1 * $1 }
    let decoded = unsafe scale * nt_decoded_dot(vector, nil, dimension, row, 1)
    #expect(abs(decoded - length) <= 1e-4 * length)
  }

  @Test(arguments: [1, 2, 63, 64, 127, 128, 129, 384, 1001]) func nibblesGiveTheInnerProduct(dimension: Int)
    throws
  {
    let kernels = try #require(Self.scalar)
    var random = SplitMix64(state: UInt64(dimension))
    let vector = (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
    let query = (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
    let blocks = ((dimension + 1) / 2 + 63) / 64
    var row = [UInt8](repeating: 0, count: blocks * 64)
    let scale = unsafe nt_encode_nibbles(vector, nil, dimension, 0, &row)
    var unsigned = [UInt8](repeating: 0, count: dimension)
    _ = unsafe nt_encode(query, nil, dimension, &unsigned)
    var signed = [Int8](repeating: 99, count: blocks * 128)
    var sum: Int32 = 0
    let step = unsafe nt_encode_query(query, nil, dimension, 2, blocks, &signed, &sum)
    let offset = 15 * sum
    var distance: Float = 0
    unsafe signed.withUnsafeBufferPointer { signed in
      var prepared = unsafe nt_code_query(
        codes: signed.baseAddress, blocks: blocks, scale: scale * step, constant: 0, offset: offset,
        has_tails: 0, entry_offset: 0, square: 0, square_constant: 0)
      unsafe kernels.nibble_rows(&prepared, row, blocks * 64, nil, 1, &distance)
    }
    let decoded = (0..<dimension).map { index in
      let half = (dimension + 1) / 2
      let nibble = index < half ? row[index] & 15 : row[index - half] >> 4
      return scale * (2 * Float(nibble) - 15)
    }
    let exact = zip(decoded, unsigned).reduce(Float(0)) { $0 + $1.0 * step * (Float($1.1) - 128) }
    #expect(abs(distance - exact) <= 1e-4 * Float(dimension))
    let error = zip(decoded, vector).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    #expect(error <= Float(dimension) / 300)
  }

  @Test func encodingRoundsToTheNearestCodeAndClampsWhatIsNotFinite() {
    let vector: [Float] = [1, -1, 0.5, 0, .nan, 1e-3]
    var codes = [UInt8](repeating: 0, count: vector.count)
    let step = unsafe nt_encode(vector, nil, 4, &codes)
    #expect(step == Float(1) / 127)
    #expect(Array(codes[..<4]) == [255, 1, 192, 128])
    let infinite: [Float] = [.infinity, -.infinity, .nan, 0]
    _ = unsafe nt_encode(infinite, nil, 4, &codes)
    #expect(codes[0] == 255 && codes[1] == 1 && codes[3] == 128)
    let zero = [Float](repeating: 0, count: 4)
    #expect(unsafe nt_encode(zero, nil, 4, &codes) == 0)
    #expect(Array(codes[..<4]) == [128, 128, 128, 128])
  }
}
