import CKernels
import Testing

/// The kernels of pairs: every instruction set against the scalar reference, at every length and alignment.
@Suite struct PairKernelTests {
  private static let lengthMax = 1025

  /// An element with its bytes and a generator of valid ones.
  struct Element: CustomTestStringConvertible, Sendable {
    let name: String
    let element: UInt32
    let bits: Int
    let isExact: Bool
    var testDescription: String { name }
  }

  static let elements = [
    Element(name: "f32", element: NT_ELEMENT_F32.rawValue, bits: 32, isExact: false),
    Element(name: "f16", element: NT_ELEMENT_F16.rawValue, bits: 16, isExact: false),
    Element(name: "u8", element: NT_ELEMENT_U8.rawValue, bits: 8, isExact: true),
    Element(name: "i8", element: NT_ELEMENT_I8.rawValue, bits: 8, isExact: true),
    Element(name: "bit", element: NT_ELEMENT_BIT.rawValue, bits: 1, isExact: true),
  ]

  private static let metrics = [
    NT_METRIC_DOT, NT_METRIC_SQUARED_L2, NT_METRIC_L1, NT_METRIC_COSINE, NT_METRIC_HAMMING, NT_METRIC_JACCARD,
  ]
  private static let variants = [NT_VARIANT_AVX2, NT_VARIANT_AVX512, NT_VARIANT_NEON]

  private static func bytes(_ element: Element, _ random: inout SplitMix64) -> [UInt8] {
    let count = lengthMax + 64
    switch element.bits {
    case 32:
      let values = (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
      return unsafe values.withUnsafeBytes { unsafe [UInt8]($0) }
    case 16:
      let values = (0..<count).map { _ in Float16(Float.random(in: -1...1, using: &random)) }
      return unsafe values.withUnsafeBytes { unsafe [UInt8]($0) }
    default: return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
  }

  @Test(arguments: elements) func pairsAgreeWithScalar(element: Element) throws {
    var random = SplitMix64(state: 31)
    let (left, right) = (Self.bytes(element, &random), Self.bytes(element, &random))
    let elementBytes = max(1, element.bits / 8)
    var compared = 0
    for length in 1...Self.lengthMax {
      // Starts go through all alignments within a line.
      let first = length % 64 / elementBytes * elementBytes
      let second = (63 - length % 64) / elementBytes * elementBytes
      let byteCount = (length * element.bits + 7) / 8
      var a = Array(left[first..<first + byteCount])
      var b = Array(right[second..<second + byteCount])
      if element.bits == 1, length % 8 != 0 {
        a[byteCount - 1] &= 1 << UInt8(length % 8) - 1
        b[byteCount - 1] &= 1 << UInt8(length % 8) - 1
      }
      let (x, y) = ([UInt8](repeating: 0xAA, count: first) + a, [UInt8](repeating: 0x55, count: second) + b)
      for metric in Self.metrics {
        guard let reference = unsafe nt_pair_of(NT_VARIANT_SCALAR, nt_element(element.element), metric) else {
          continue
        }
        for variant in Self.variants {
          guard let tested = unsafe nt_pair_of(variant, nt_element(element.element), metric) else { continue }
          let (got, expected) = unsafe x.withUnsafeBytes { x in
            unsafe y.withUnsafeBytes { y in
              let (x, y) = unsafe (
                x.baseAddress.unsafelyUnwrapped + first, y.baseAddress.unsafelyUnwrapped + second
              )
              return unsafe (tested(x, y, length), reference(x, y, length))
            }
          }
          let slack = element.isExact ? 0 : 1e-6 * Float(length) + 1e-5
          #expect(abs(got - expected) <= slack, "\(variant) \(metric) length \(length), seed 31")
          compared += 1
        }
      }
    }
    #expect(compared >= Self.lengthMax * 4)
  }

  @Test func referencesGiveWhatTheyAreDefinedAs() throws {
    let a: [Float16] = [1, -2, 0.5, .init(bitPattern: 1), 65_504]
    let b: [Float16] = [3, 4, -0.25, .init(bitPattern: 0x8001), 0]
    let dot = unsafe try #require(unsafe nt_pair_of(NT_VARIANT_SCALAR, NT_ELEMENT_F16, NT_METRIC_DOT))
    let tiny = Float(sign: .plus, exponent: -24, significand: 1)
    #expect(unsafe dot(a, b, 5) == 3 - 8 - 0.125 - tiny * tiny)
    let l1 = unsafe try #require(unsafe nt_pair_of(NT_VARIANT_SCALAR, NT_ELEMENT_F16, NT_METRIC_L1))
    #expect(unsafe l1(a, b, 5) == 2 + 6 + 0.75 + 2 * tiny + 65_504)
    let bits: (UInt8, UInt8) = (0b1011_0110, 0b0011_1100)
    func pair(_ metric: nt_metric, _ x: UInt8, _ y: UInt8) throws -> Float {
      let kernel = unsafe try #require(unsafe nt_pair_of(NT_VARIANT_SCALAR, NT_ELEMENT_BIT, metric))
      return unsafe kernel([x], [y], 8)
    }
    #expect(try pair(NT_METRIC_HAMMING, bits.0, bits.1) == 3)
    #expect(try pair(NT_METRIC_JACCARD, bits.0, bits.1) == 1 - Float(3) / 6)
    #expect(try pair(NT_METRIC_JACCARD, 0, 0) == 0)
    #expect(try pair(NT_METRIC_COSINE, bits.0, 0) == 1)
    #expect(try pair(NT_METRIC_DOT, bits.0, bits.1) == 3)
  }

  @Test(arguments: elements) func longestVectorsDoNotOverflow(element: Element) throws {
    if element.bits != 8 { return }
    let (low, high) = ([UInt8](repeating: 0x80, count: 65_536), [UInt8](repeating: 0xFF, count: 65_536))
    for metric in Self.metrics.prefix(4) {
      let reference = unsafe try #require(
        unsafe nt_pair_of(NT_VARIANT_SCALAR, nt_element(element.element), metric))
      for variant in Self.variants {
        guard let tested = unsafe nt_pair_of(variant, nt_element(element.element), metric) else { continue }
        for (x, y) in [(low, high), (low, low), (high, high)] {
          #expect(unsafe tested(x, y, 65_536) == reference(x, y, 65_536))
        }
      }
    }
  }

  @Test func everyElementHasItsMetricsAndNoOthers() {
    for element in Self.elements {
      for metric in Self.metrics {
        let isForBits = metric == NT_METRIC_HAMMING || metric == NT_METRIC_JACCARD
        let isForBoth = metric == NT_METRIC_DOT || metric == NT_METRIC_COSINE
        let expected = isForBoth || isForBits == (element.bits == 1)
        #expect(unsafe (nt_pair_best(nt_element(element.element), metric) != nil) == expected)
      }
    }
    #expect(unsafe nt_pair_best(nt_element(9), NT_METRIC_DOT) == nil)
    #expect(unsafe nt_pair_best(NT_ELEMENT_U8, nt_metric(6)) == nil)
  }
}
