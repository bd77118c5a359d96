import VectorModel

/// The first byte are flags, the rest the body of an answer.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAnswer(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: count))
  guard let flags = bytes.first else { return 0 }
  let body = Array(bytes.dropFirst())
  var microseconds: UInt64 = 0
  var retryMilliseconds: UInt32 = 0
  _ = try? Response(body: body, flags: flags, microseconds: &microseconds)
  _ = try? RequestError(body: body, retryMilliseconds: &retryMilliseconds)
  _ = try? Welcome(body: body)
  _ = try? Acknowledgement(body: body)
  return 0
}
