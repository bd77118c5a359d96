package import VectorModel

/// Takes the first file out of a `multipart/form-data` body (RFC 7578) that comes in pieces of any size.
///
/// A pure value: it holds back no more than a delimiter, or the head of a part.
package struct MultipartReader {
  private enum Phase: Equatable {
    /// Before the first delimiter, or within a part that is not wanted.
    case skipping
    /// Behind a delimiter: `--` ends the body, a line break begins a part.
    case afterDelimiter
    case head
    case content
    /// Behind the last delimiter; whatever comes is not looked at.
    case ended
  }

  /// Bytes of one part's headers.
  private static let headBytesMax = 16 << 10

  private let delimiter: [UInt8]
  private var phase = Phase.skipping
  private var pending: [UInt8]
  private var hasFile = false

  /// - Parameter contentType: as the request's header has it.
  /// - Throws: status 400 where it names no boundary of 1 to 70 bytes.
  package init(contentType: String) throws(RequestError) {
    var boundary: Substring?
    for parameter in contentType.split(separator: ";").dropFirst() {
      let pair = parameter.split(separator: "=", maxSplits: 1)
      guard pair.count == 2, pair[0].filter({ $0 != " " }).lowercased() == "boundary" else { continue }
      boundary = pair[1].drop { $0 == " " }
      if let text = boundary, text.hasPrefix("\""), text.hasSuffix("\""), text.utf8.count >= 2 {
        boundary = text.dropFirst().dropLast()
      }
    }
    guard let boundary, (1...70).contains(boundary.utf8.count) else {
      throw .badRequest("the Content-Type of the upload names no boundary of 1 to 70 bytes")
    }
    delimiter = Array("\r\n--".utf8) + Array(boundary.utf8)
    // The first delimiter may stand at the very beginning, without the line break before it.
    pending = [13, 10]
  }

  /// Whether the body ended as it must, with a file in it.
  package var isComplete: Bool { phase == .ended && hasFile }

  /// Takes the next bytes in, and hands out what belongs to the file.
  /// - Throws: status 400 for what is no such body, and whatever `emit` throws.
  package mutating func read(
    _ bytes: [UInt8], emit: ([UInt8]) throws(RequestError) -> Void
  ) throws(RequestError) {
    pending.append(contentsOf: bytes)
    while true {
      switch phase {
      case .ended:
        pending = []
        return
      case .skipping, .content:
        let end = delimiterIndex()
        // What could be the beginning of a delimiter stays until more has come.
        let available = end ?? max(0, pending.count - delimiter.count + 1)
        if phase == .content, available > 0 { try emit(Array(pending[..<available])) }
        pending.removeFirst(end.map { $0 + delimiter.count } ?? available)
        if end == nil { return }
        phase = .afterDelimiter
      case .afterDelimiter:
        guard pending.count >= 2 else { return }
        let next = (pending[0], pending[1])
        pending.removeFirst(2)
        switch next {
        case (UInt8(ascii: "-"), UInt8(ascii: "-")): phase = .ended
        case (13, 10): phase = .head
        default: throw .badRequest("the upload has a delimiter that neither ends it nor begins a part")
        }
      case .head:
        guard try readHead() else { return }
      }
    }
  }

  /// Reads a part's headers once they are all here.
  private mutating func readHead() throws(RequestError) -> Bool {
    let emptyLine: [UInt8] = [13, 10, 13, 10]
    // A part without headers begins with the empty line itself.
    if pending.starts(with: [13, 10]) {
      pending.removeFirst(2)
      phase = .skipping
      return true
    }
    guard let end = Self.index(of: emptyLine, in: pending) else {
      guard pending.count <= Self.headBytesMax else {
        throw .badRequest("a part of the upload has headers of more than \(Self.headBytesMax) bytes")
      }
      return false
    }
    let head = String(decoding: pending[..<end], as: UTF8.self).lowercased()
    pending.removeFirst(end + emptyLine.count)
    // The line break before a delimiter is a part's own when its content is empty.
    let isFile = !hasFile && (head.contains("filename=") || head.contains("name=\"snapshot\""))
    phase = isFile ? .content : .skipping
    if isFile { hasFile = true }
    return true
  }

  private func delimiterIndex() -> Int? { Self.index(of: delimiter, in: pending) }

  private static func index(of pattern: [UInt8], in bytes: [UInt8]) -> Int? {
    var start = bytes.startIndex
    while let candidate = bytes[start...].firstIndex(of: pattern[0]) {
      guard candidate + pattern.count <= bytes.count else { return nil }
      if bytes[candidate..<(candidate + pattern.count)].elementsEqual(pattern) { return candidate }
      start = candidate + 1
    }
    return nil
  }
}
