import ArgumentParser
import VectorModel

/// `needletail import`: points from lines of JSON into a collection.
struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Put points from lines of JSON into a collection of a running server.",
    discussion: """
      Each line is one point as `export` writes it: {"id":…,"payload":{…},"vector":…}. With --npy one vector comes \
      from a NumPy array of float32 or float16, a row a line, the others from the lines. The collection must exist. A line that does not fit \
      ends the import and is named; the batches before it are in. With --binary-port the batches are streamed over \
      the binary protocol, which does not wait for one before it sends the next.
      """)

  @Option(help: "The collection.") var collection: String
  @Option(help: "The file of lines.") var input: String
  @Option(help: "The .npy file with the vectors.") var npy: String?
  @Option(help: "The name of the vector that --npy holds; without it the unnamed one.") var vectorName = ""
  @Option(help: "Points of one request, 1 to 10000.") var batch = 256
  @Option(help: "The server's binary port: points are streamed there, many batches under way at once.")
  var binaryPort: Int?
  @OptionGroup var client: ClientOptions

  func validate() throws {
    guard (1...10_000).contains(batch) else { throw ValidationError("--batch must be 1 to 10000") }
    if let binaryPort, !(1...65_535).contains(binaryPort) {
      throw ValidationError("--binary-port must be 1 to 65535")
    }
    if binaryPort != nil, client.dataDir != nil {
      throw ValidationError("Give --binary-port or --data-dir, not both.")
    }
  }

  func run() async throws {
    try await client.withServer { connection in
      let upload = try PointUpload(of: input, connection, collection: collection, binaryPort: binaryPort)
      let file = try LocalFile(reading: input)
      let array = try npy.map { path throws(RequestError) in
        try NumpyArray(LocalFile(reading: path).readAll(), name: path)
      }
      var progress = Progress("import", isQuiet: client.json)
      var lines = LineReader(file)
      var (count, readBytes, lineNumber) = (0, 0, 0)
      var points: [[UInt8]] = []
      while let line = try lines.next() {
        lineNumber += 1
        readBytes += line.count + 1
        if line.allSatisfy({ $0 == 0x20 || $0 == 13 }) { continue }
        do {
          points.append(try point(line, number: lineNumber, row: count, array))
        } catch {
          try await upload.finish()
          throw error
        }
        count += 1
        if points.count == batch {
          try await upload.put(points)
          points = []
          progress.show(readBytes, of: file.byteCount)
        }
      }
      if !points.isEmpty { try await upload.put(points) }
      try await upload.finish()
      if let array, array.rowCount != count {
        throw RequestError.badRequest("\(input) has \(count) points, --npy has \(array.rowCount) rows")
      }
      progress.show(1, of: 1)
      StandardOutput.line(client.json ? "{\"points\":\(count)}" : "\(count) points into \(collection)")
    }
  }

  /// The point of a line, as the server takes it.
  private func point(
    _ line: [UInt8], number: Int, row: Int, _ array: NumpyArray?
  ) throws(RequestError) -> [UInt8] {
    do throws(RequestError) {
      guard let array else {
        try JSONReader.read(line) { (reader) throws(RequestError) in try reader.skipValue() }
        return line
      }
      guard row < array.rowCount else {
        throw .badRequest("there are more points than --npy has rows, which is \(array.rowCount)")
      }
      var point = try JSONReader.read(line) { (reader) throws(RequestError) in try PointLine(&reader) }
      try point.putVector(array.floats(row), vectorName)
      return point.bytes
    } catch {
      throw RequestError(error.code, "line \(number) of \(input): \(error.message)")
    }
  }
}

/// The lines of a file, without their ends.
struct LineReader {
  private static let lineBytesMax = 64 << 20

  private let file: LocalFile
  private var buffer: [UInt8] = []
  private var start = 0
  private var isAtEnd = false

  init(_ file: LocalFile) { self.file = file }

  /// The next line, or nil at the end.
  mutating func next() throws(RequestError) -> [UInt8]? {
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(of: 10) {
        defer { start = end + 1 }
        return Array(buffer[start..<end])
      }
      searched = buffer.count - start
      buffer.removeFirst(start)
      start = 0
      if isAtEnd {
        defer { buffer = [] }
        return buffer.isEmpty ? nil : buffer
      }
      guard buffer.count <= Self.lineBytesMax else {
        throw .badRequest("a line of \(file.path) has more than \(Self.lineBytesMax) bytes")
      }
      let piece = try file.read(1 << 20)
      if piece.isEmpty { isAtEnd = true } else { buffer += piece }
    }
  }
}
