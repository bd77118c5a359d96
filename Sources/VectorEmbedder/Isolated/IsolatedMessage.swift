import FoundationEssentials

/// What an isolated process is to hold: the code of others, and the files of others that it reads.
enum IsolatedPlan: Sendable, Equatable, Codable {
  /// A text model of ONNX Runtime with its tokenizer.
  case text(library: String, model: String, vocabulary: String, merges: String?, ONNXTextRecipe)
  /// A picture model of ONNX Runtime; the preset says what goes in.
  case video(library: String, model: String, preset: String)
  /// cld2.
  case language
}

/// What an isolated process is asked.
enum IsolatedRequest: Sendable, Equatable, Codable {
  /// Always the first; answered with `ready`.
  case open(IsolatedPlan)
  /// Answered with as many vectors.
  case texts([String])
  /// The message's numbers are `count` tensors of the preset's shape; answered with their mean vector.
  case clips(count: Int)
  /// Answered with the language of a text.
  case language(String)
}

/// What an isolated process answers.
enum IsolatedAnswer: Sendable, Equatable, Codable {
  case ready(dimension: Int)
  /// The message's numbers are `count` vectors of the dimension that `ready` said.
  case vectors(count: Int)
  case language(DetectedLanguage?)
  /// The request was understood and could not be done; the process goes on.
  case refused(String)
}

/// A head as JSON, and numbers as numbers: little-endian `count of the head (u32) | head | float32 …`.
struct IsolatedMessage<Head: Codable & Sendable>: Sendable {
  var head: Head
  var numbers: [Float]

  init(_ head: Head, numbers: [Float] = []) {
    self.head = head
    self.numbers = numbers
  }

  /// Reads the body of a frame.
  ///
  /// - Throws: for bytes that are no such message.
  init(body: [UInt8]) throws(IsolatedFault) {
    guard body.count >= 4 else { throw IsolatedFault("a message of \(body.count) bytes") }
    let end = 4 + Int(UInt32(littleEndianBytes: body[..<4]))
    guard end <= body.count, (body.count - end) % 4 == 0 else {
      throw IsolatedFault("a message of \(body.count) bytes with a head up to \(end)")
    }
    do {
      head = try JSONDecoder().decode(Head.self, from: Data(body[4..<end]))
    } catch {
      throw IsolatedFault("a message whose head cannot be read: \(error)")
    }
    numbers = [Float](littleEndianBytes: body[end...])
  }

  /// The body of a frame.
  func body() throws(IsolatedFault) -> [UInt8] {
    do {
      let json = try JSONEncoder().encode(head)
      return UInt32(truncatingIfNeeded: json.count).littleEndianBytes + Array(json)
        + numbers.littleEndianBytes
    } catch {
      throw IsolatedFault("a message cannot be written: \(error)")
    }
  }
}
