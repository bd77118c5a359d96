import Testing
import VectorModel

@testable import VectorServer

@Suite struct IngestStateTests {
  private static let opening = StreamOpening(
    collection: "c", producer: UUID128(high: 1, low: 2), firstSequence: 10, windowBytes: 0)

  /// A stream whose writes a test lets succeed or fail.
  private struct Stream {
    var state = IngestState(IngestStateTests.opening)
    var log: [String] = []

    mutating func send(_ sequences: [UInt64], bytes: Int = 100) {
      for sequence in sequences {
        var writer = ByteWriter()
        StreamChunk(sequence: sequence, operation: .delete(.ids([]))).write(to: &writer)
        state.received(writer.bytes, frameBytes: bytes)
      }
      run()
    }

    mutating func run() {
      while let step = state.next() {
        switch step {
        case .decode(let sequence, let body):
          log.append("decode \(sequence)")
          state.decoded(Result { () throws(RequestError) in try StreamChunk(body: body) })
        case .write(_, let stamp): log.append("write \(stamp.sequence)")
        case .acknowledge(let acknowledgement):
          log.append("ack \(acknowledgement.sequence) \(acknowledgement.creditBytes)")
        case .fail(let error): log.append("fail \(error.code)")
        case .finish: log.append("finish")
        }
      }
    }

    mutating func written(_ result: Result<UInt64, RequestError> = .success(1)) {
      state.written(result)
      run()
    }
  }

  @Test func oneWriteIsUnderWayAndTheNextIsDecoded() {
    var stream = Stream()
    stream.send([10, 11, 12])
    #expect(stream.log == ["decode 10", "write 10", "decode 11"])
    stream.written()
    #expect(stream.log.suffix(3) == ["ack 10 100", "write 11", "decode 12"])
    stream.written()
    stream.written()
    #expect(stream.log.suffix(2) == ["write 12", "ack 12 100"].suffix(2) || stream.log.last == "ack 12 100")
    stream.state.close()
    stream.run()
    #expect(stream.log.last == "finish")
  }

  @Test func nothingBehindAFailedChunkIsWritten() {
    var stream = Stream()
    stream.send([10, 11, 12, 13])
    stream.written()
    stream.written(.failure(RequestError(.insufficientStorage, "full")))
    stream.send([14])
    #expect(stream.log.filter { $0.hasPrefix("write") } == ["write 10", "write 11"])
    #expect(stream.log.last == "fail insufficientStorage")
    #expect(stream.state.next() == nil)
  }

  @Test func aChunkThatCannotBeDecodedFailsBehindThoseBefore() {
    var stream = Stream()
    stream.send([10])
    var writer = ByteWriter()
    writer.fixed64(11)
    writer.byte(99)
    stream.state.received(writer.bytes, frameBytes: 50)
    stream.run()
    stream.send([12])
    #expect(!stream.log.contains { $0.hasPrefix("fail") })
    stream.written()
    #expect(stream.log.suffix(2) == ["ack 10 100", "fail badRequest"])
  }

  @Test(arguments: [[10, 12], [10, 10], [11], [9]] as [[UInt64]])
  func sequencesFollowEachOther(sequences: [UInt64]) {
    var stream = Stream()
    stream.send(sequences)
    if sequences.first == 10 { stream.written() }
    #expect(stream.log.last == "fail badRequest")
    #expect(stream.log.filter { $0.hasPrefix("write") }.count == (sequences.first == 10 ? 1 : 0))
  }

  @Test func aStoppingServerWritesWhatItHas() {
    var stream = Stream()
    stream.send([10, 11])
    stream.state.stop(RequestError(.unavailable, "stopping"))
    stream.run()
    stream.send([12])
    stream.written()
    stream.written()
    #expect(stream.log.suffix(2) == ["ack 11 100", "fail unavailable"])
  }

  @Test func anEmptyStreamEndsAtOnce() {
    var stream = Stream()
    stream.state.close()
    stream.run()
    #expect(stream.log == ["finish"])
  }
}
