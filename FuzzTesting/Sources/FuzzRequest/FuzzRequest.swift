import VectorModel

/// The first byte is an opcode, the rest a frame's body. What is a request writes itself in a form that is one too.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequest(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: count))
  guard let first = bytes.first, let opcode = Opcode(rawValue: first) else { return 0 }
  let body = Array(bytes.dropFirst())
  if opcode == .chunk {
    _ = try? StreamChunk(body: body)
    return 0
  }
  if opcode == .hello { _ = try? Hello(body: body) }
  if opcode == .openStream { _ = try? StreamOpening(body: body) }
  guard opcode.isRequest, let request = try? Request(opcode, body: body) else { return 0 }
  var writer = ByteWriter()
  request.write(to: &writer)
  precondition((try? Request(opcode, body: writer.bytes)) != nil, "a request that cannot be read again")
  return 0
}
