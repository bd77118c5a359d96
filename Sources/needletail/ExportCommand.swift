import ArgumentParser
import VectorModel

/// `needletail export`: the points of a collection as lines of JSON.
struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the points of a collection of a running server as lines of JSON.",
    discussion: """
      Each line is one point: {"id":…,"payload":{…},"vector":…}. With --npy one vector goes into a NumPy array \
      of float32, a row a line, and is left out of the lines. Points that change meanwhile are as they were when \
      their page was read; a snapshot is of one moment.
      """)

  @Option(help: "The collection.") var collection: String
  @Option(help: "The file of lines to make.") var output: String
  @Option(help: "The .npy file to make.") var npy: String?
  @Option(help: "The name of the vector that goes into --npy; without it the unnamed one.")
  var vectorName = ""
  @OptionGroup var client: ClientOptions

  private static let pagePoints = 256

  func run() async throws {
    try await client.withServer { connection in
      let server = connection.rest
      let path = "/collections/\(pathSegment(collection))/points"
      let counted = try await server.result(.POST, path + "/count", Array("{\"exact\":true}".utf8))
      let total = counted["count"].flatMap { Int($0.text) } ?? 0
      let lines = try LocalFile(writing: output)
      var array = try npy.map { path throws(RequestError) in try NumpyWriter(LocalFile(writing: path)) }
      var progress = Progress("export", isQuiet: client.json)
      var offset: JSONValue?
      var count = 0
      repeat {
        var body = JSONWriter()
        body.object { writer in
          writer.member("limit", Self.pagePoints)
          writer.member("with_payload", true)
          writer.member("with_vector", true)
          writer.member("offset", offset)
        }
        let page = try PointPage(try await server.answer(.POST, path + "/scroll", body.bytes))
        for var point in page.points {
          if array != nil { try array?.row(try point.takeVector(vectorName)) }
          try lines.write(point.bytes + [UInt8(ascii: "\n")])
          count += 1
        }
        progress.show(count, of: total)
        offset = page.next
      } while offset != nil
      try array?.finish()
      try lines.finish()
      StandardOutput.line(client.json ? "{\"points\":\(count)}" : "\(count) points in \(output)")
    }
  }
}

/// Writes a `.npy` file of float32 rows whose number is known at the end.
struct NumpyWriter {
  /// Room for any shape; NumPy wants a multiple of 64.
  private static let headerBytes = 128

  private let file: LocalFile
  private var rowCount = 0
  private var columnCount = 0

  init(_ file: LocalFile) throws(RequestError) {
    self.file = file
    try file.write([UInt8](repeating: 0, count: Self.headerBytes))
  }

  /// - Throws: where the row is not as long as those before it.
  mutating func row(_ values: [Float]) throws(RequestError) {
    guard rowCount == 0 || values.count == columnCount else {
      throw .badRequest("row \(rowCount) has \(values.count) numbers, those before it \(columnCount)")
    }
    columnCount = values.count
    rowCount += 1
    var bytes = ByteWriter(reservingCapacity: 4 * values.count)
    bytes.floats(values)
    try file.write(bytes.bytes)
  }

  mutating func finish() throws(RequestError) {
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rowCount), \(columnCount)), }"
    let length = Self.headerBytes - 10
    var header = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)]
    header += Array(text.utf8) + [UInt8](repeating: 0x20, count: length - text.utf8.count - 1) + [10]
    try file.overwriteStart(header)
    try file.finish()
  }
}
