/// Puts frames together from whatever pieces a socket gives. A pure value: no socket, clock or thread.
///
/// The caller looks at each header before any of the body is kept, and may have it thrown away. Memory for a body
/// grows with what has arrived, not with what was announced.
package struct FrameAssembler: Sendable {
  package enum Event: Equatable, Sendable {
    /// A header is complete. The body is collected, unless `discardBody` is called now.
    case header(FrameHeader)
    case frame(FrameHeader, body: [UInt8])
    /// The end of a body that was thrown away; its checksum held.
    case discarded(FrameHeader)
  }

  private enum Phase {
    case header
    case body(FrameHeader, isKept: Bool)
    case failed(RequestError)
  }

  private let checksum: FrameChecksum
  private var phase = Phase.header
  /// A header in pieces, or the body.
  private var bytes: [UInt8] = []
  private var missingBytes = FrameHeader.byteCount
  private var runningChecksum: UInt32 = 0

  /// Memory that a body gets with its first byte.
  static let firstReserveBytes = 64 << 10

  package init(checksum: FrameChecksum) { self.checksum = checksum }

  /// Whether a frame has begun and not ended.
  package var isInsideFrame: Bool {
    switch phase {
    case .header: !bytes.isEmpty
    case .body: true
    case .failed: false
    }
  }

  /// Does not keep the body whose header was just given.
  package mutating func discardBody() {
    guard case .body(let header, _) = phase else { return }
    phase = .body(header, isKept: false)
  }

  /// Reads on in `input` from `offset` to the next event; nil when the input is used up.
  ///
  /// - Throws: `badRequest` for reserved bytes or a wrong checksum. The connection cannot go on behind it: every
  ///   further call throws the same.
  /// - Complexity: O(bytes read), each copied at most three times.
  package mutating func next(
    _ input: Span<UInt8>, _ offset: inout Int
  ) throws(RequestError) -> Event? {
    do throws(RequestError) {
      switch phase {
      case .failed(let error): throw error
      case .header: return try readHeader(input, &offset)
      case .body(let header, let isKept): return try readBody(header, isKept, input, &offset)
      }
    } catch {
      phase = .failed(error)
      bytes = []
      throw error
    }
  }

  private mutating func readHeader(
    _ input: Span<UInt8>, _ offset: inout Int
  ) throws(RequestError) -> Event? {
    let header: FrameHeader
    if bytes.isEmpty, input.count - offset >= FrameHeader.byteCount {
      let whole = input.extracting(offset..<(offset + FrameHeader.byteCount))
      offset += FrameHeader.byteCount
      header = try begin(whole)
    } else {
      let count = min(missingBytes, input.count - offset)
      for index in offset..<(offset + count) { bytes.append(input[index]) }
      offset += count
      missingBytes -= count
      guard missingBytes == 0 else { return nil }
      let whole = bytes
      bytes = []
      header = try begin(whole.span)
    }
    phase = .body(header, isKept: true)
    missingBytes = header.bodyBytes
    return .header(header)
  }

  private mutating func begin(_ whole: Span<UInt8>) throws(RequestError) -> FrameHeader {
    runningChecksum = checksum.update(0, whole.extracting(FrameHeader.checksumStart...))
    return try FrameHeader(whole)
  }

  private mutating func readBody(
    _ header: FrameHeader, _ isKept: Bool, _ input: Span<UInt8>, _ offset: inout Int
  ) throws(RequestError) -> Event? {
    let count = min(missingBytes, input.count - offset)
    if count > 0 {
      let piece = input.extracting(offset..<(offset + count))
      runningChecksum = checksum.update(runningChecksum, piece)
      if isKept { keep(piece) }
      offset += count
      missingBytes -= count
    }
    guard missingBytes == 0 else { return nil }
    guard runningChecksum == header.checksum else {
      throw .badRequest(
        "the checksum of frame \(header.requestID) with opcode \(header.opcode) and \(header.bodyBytes) bytes is wrong"
      )
    }
    let body = bytes
    bytes = []
    phase = .header
    missingBytes = FrameHeader.byteCount
    return isKept ? .frame(header, body: body) : .discarded(header)
  }

  private mutating func keep(_ piece: Span<UInt8>) {
    let wanted = bytes.count + piece.count
    if wanted > bytes.capacity {
      let whole = bytes.count + missingBytes
      bytes.reserveCapacity(min(whole, max(wanted, 2 * bytes.capacity, Self.firstReserveBytes)))
    }
    unsafe piece.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
  }
}
