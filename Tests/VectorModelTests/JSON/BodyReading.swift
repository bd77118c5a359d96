import Testing
import VectorModel

typealias BodyDecoder<Value> = (inout JSONReader) throws(RequestError) -> Value

/// Reads one body with a decoder.
func read<Value>(_ text: String, _ decoder: BodyDecoder<Value>) throws(RequestError) -> Value {
  try JSONReader.read(Array(text.utf8), decoder)
}

/// The error that a body is refused with; nil when it is accepted.
func refusal<Value>(of text: String, _ decoder: BodyDecoder<Value>) -> RequestError? {
  do throws(RequestError) {
    _ = try read(text, decoder)
    return nil
  } catch {
    return error
  }
}

/// Expects that a body is refused with this code and a message that contains all of `words`.
func expectRefusal<Value>(
  _ text: String, _ code: RequestError.Code, _ words: String..., by decoder: BodyDecoder<Value>,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let error = refusal(of: text, decoder)
  #expect(error?.code == code, "\(text): \(error?.message ?? "accepted")", sourceLocation: sourceLocation)
  for word in words {
    #expect(
      error?.message.contains(word) ?? false, "\(error?.message ?? "accepted") names \(word)",
      sourceLocation: sourceLocation)
  }
}

/// Reads the body cut and changed at every byte: nothing may trap.
func damageEverywhere<Value>(_ text: String, _ decoder: BodyDecoder<Value>) {
  let bytes = Array(text.utf8)
  for index in bytes.indices {
    _ = try? JSONReader.read(Array(bytes.prefix(index)), decoder)
    for byte in Array("\"{}[],:-0e.\\nt".utf8) + [0, 0xFF] {
      var damaged = bytes
      damaged[index] = byte
      _ = try? JSONReader.read(damaged, decoder)
    }
  }
}
