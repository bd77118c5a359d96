import Testing

@testable import VectorEmbedder

@Suite struct IsolatedFrameTests {
  private let numbers: [Float] = [0, -1.5, .infinity, .leastNonzeroMagnitude]

  private func frame() throws -> [UInt8] {
    try IsolatedFrame.encode(
      try IsolatedMessage(IsolatedRequest.texts(["a", "ü\n"]), numbers: numbers).body())
  }

  @Test func whatIsWrittenIsReadInBlocksOfAnySize() throws {
    let bytes = try frame() + frame()
    for size in 1...bytes.count {
      var reader = IsolatedFrameReader()
      var count = 0
      for start in stride(from: 0, to: bytes.count, by: size) {
        reader.append(Array(bytes[start..<min(start + size, bytes.count)]))
        while let body = try reader.next() {
          let message = try IsolatedMessage<IsolatedRequest>(body: body)
          #expect(message.head == .texts(["a", "ü\n"]))
          #expect(message.numbers == numbers)
          count += 1
        }
      }
      #expect(count == 2)
    }
  }

  @Test func everyFlippedBitIsNoticed() throws {
    let bytes = try frame()
    for place in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[place] ^= 1 << bit
        var reader = IsolatedFrameReader()
        reader.append(damaged)
        // A length that grew waits for bytes that never come; everything else is refused.
        let body = try? reader.next()
        #expect(body == nil)
      }
    }
  }

  @Test func bodiesOfAnyBytesAreReadOrRefused() throws {
    let body = try IsolatedMessage(IsolatedAnswer.vectors(count: 1), numbers: numbers).body()
    for end in 0...body.count {
      let message = try? IsolatedMessage<IsolatedAnswer>(body: Array(body[..<end]))
      if let message { #expect(message.numbers.count <= numbers.count) }
    }
    var generator = SplitMix64(seed: 7)
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      #expect((try? IsolatedMessage<IsolatedAnswer>(body: bytes)) == nil)
    }
  }

  @Test func lengthsOverTheLimitAreRefused() {
    var reader = IsolatedFrameReader()
    reader.append([255, 255, 255, 255, 0, 0, 0, 0])
    #expect(throws: IsolatedFault.self) { try reader.next() }
  }
}
