import VectorModel

/// A part's links among rows with one value of a payload field, as named bytes.
///
/// `fields` has the magic "NTVF" and the version 1 (4 bytes each, little-endian), the number of fields (LEB128) and for
/// each its path, m, the number of its values and for each value its term, the number of its rows and of its entries
/// (lengths and numbers LEB128). Of field `i` with values, `field-links-i` has 2 × m rows (4 bytes each) a row of the
/// part, unused places last and 2³² − 1; `field-rows-i` a bit a row of the part, in words of 8 bytes, for each value;
/// `field-entries-i` the entry rows (4 bytes each) of each value.
enum ValueGraphSections {
  private static let magic: UInt32 = 0x4656_544E
  private static let version: UInt32 = 1

  static let directoryName = "fields"
  static func linksName(_ field: Int) -> String { "field-links-\(field)" }
  private static func rowsName(_ field: Int) -> String { "field-rows-\(field)" }
  private static func entriesName(_ field: Int) -> String { "field-entries-\(field)" }

  /// - Parameter fields: all whose large values have links, those without such values too
  static func sections(_ graphs: [ValueGraph], fields: [String]) -> [(name: String, bytes: MemorySlice)] {
    if fields.isEmpty { return [] }
    var directory = ByteWriter()
    directory.fixed32(magic)
    directory.fixed32(version)
    directory.count(fields.count)
    var sections: [(name: String, bytes: MemorySlice)] = []
    for (index, field) in fields.enumerated() {
      let graphs = graphs.filter { $0.field == field }
      directory.text(field)
      directory.count(graphs.first?.graph.m ?? 0)
      directory.count(graphs.count)
      var rows = ByteWriter()
      var entries = ByteWriter()
      for graph in graphs {
        directory.lengthPrefixed(graph.term)
        directory.count(graph.cardinality)
        directory.count(graph.graph.entriesCount)
        for word in graph.rows.words { rows.fixed64(word) }
        entries.words(graph.graph.entryRows)
      }
      guard let links = graphs.first?.graph.linkBytes else { continue }
      sections.append((linksName(index), links))
      sections.append((rowsName(index), MemorySlice(MemoryRegion(copying: rows.bytes))))
      sections.append((entriesName(index), MemorySlice(MemoryRegion(copying: entries.bytes))))
    }
    return [(directoryName, MemorySlice(MemoryRegion(copying: directory.bytes)))] + sections
  }

  /// Reads what `sections` wrote; every size, row and link is checked.
  ///
  /// - Parameters:
  ///   - count: rows of the part
  ///   - section: the bytes of a name, which must have the given length
  /// - Throws: `internalError` naming what is damaged or of a newer version.
  static func read(
    _ directory: MemorySlice, count: Int,
    section: (_ name: String, _ byteCount: Int, _ isLinks: Bool) throws(RequestError) -> MemorySlice
  ) throws(RequestError) -> (graphs: [ValueGraph], fields: [String]) {
    let directory = try Directory(
      withExtendedLifetime(directory) { unsafe [UInt8](directory.bytes) }, count: count)
    var graphs: [ValueGraph] = []
    let wordsCount = (count + 63) / 64
    for (index, field) in directory.fields.enumerated() where !field.values.isEmpty {
      let links = try section(linksName(index), count * 2 * field.m * 4, true)
      let rows = try section(rowsName(index), field.values.count * wordsCount * 8, false)
      let entries = try section(
        entriesName(index), field.values.reduce(0) { $0 + $1.entriesCount } * 4, false)
      var offset = entries.offset
      for (number, value) in field.values.enumerated() {
        let graph = GraphLinks(
          m: field.m, count: count, linkBytes: links,
          entryBytes: MemorySlice(entries.region, offset: offset, count: value.entriesCount * 4))
        offset += value.entriesCount * 4
        if number == 0 { try graph.validate() }
        let members = try value.rows(graph, words(rows, number * wordsCount, wordsCount))
        graphs.append(ValueGraph(field: field.name, term: value.term, rows: members, graph: graph))
      }
    }
    return (graphs, directory.fields.map(\.name))
  }

  private static func words(_ slice: MemorySlice, _ first: Int, _ count: Int) -> [UInt64] {
    (0..<count).map { index in
      let offset = (first + index) * 8
      return UInt64(littleEndian: unsafe slice.bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
  }

  /// What the section `fields` says.
  private struct Directory {
    private(set) var fields: [(name: String, m: Int, values: [Value])] = []

    init(_ bytes: [UInt8], count: Int) throws(RequestError) {
      var reader = ByteReader(bytes)
      do throws(RequestError) {
        guard try reader.fixed32() == magic else { throw PartHeader.damaged("no magic of fields") }
        let version = try reader.fixed32()
        guard version == ValueGraphSections.version else {
          throw .internalError(
            "links of fields have version \(version), this program reads up to \(ValueGraphSections.version)")
        }
        for _ in 0..<(try reader.count(bytesEach: 3)) {
          let name = try reader.text()
          let m = try reader.varint()
          var values: [Value] = []
          for _ in 0..<(try reader.count(bytesEach: 3)) { values.append(try Value(&reader, count: count)) }
          let limit = UInt64(GraphParameters.mMax)
          guard values.isEmpty || (1...limit).contains(m) && values.count <= FieldRows.valuesMax else {
            throw PartHeader.damaged("\(values.count) values of field \(name) with m \(m)")
          }
          fields.append((name, Int(min(m, limit)), values))
        }
        guard reader.isAtEnd else { throw PartHeader.damaged("bytes behind the fields") }
      } catch {
        throw error.code == .internalError ? error : PartHeader.damaged(error.message)
      }
    }
  }

  /// What the section `fields` says of a value.
  private struct Value {
    let term: [UInt8]
    let cardinality: Int
    let entriesCount: Int

    init(_ reader: inout ByteReader, count: Int) throws(RequestError) {
      term = try reader.lengthPrefixed()
      let (cardinality, entriesCount) = (try reader.varint(), try reader.varint())
      guard cardinality <= UInt64(count), entriesCount >= 1, entriesCount <= cardinality,
        entriesCount <= UInt64(GraphLinks.entriesMax)
      else { throw PartHeader.damaged("\(entriesCount) entries of \(cardinality) rows with a value") }
      (self.cardinality, self.entriesCount) = (Int(cardinality), Int(entriesCount))
    }

    /// The rows with the value; their number and the entries must fit.
    func rows(_ graph: GraphLinks, _ words: [UInt64]) throws(RequestError) -> Bitset {
      let rows = Bitset(count: graph.count, words: words)
      guard rows.words == words, rows.onesCount == cardinality else {
        throw PartHeader.damaged("the rows of a value")
      }
      for row in graph.entryRows where row >= graph.count || !rows[Int(row)] {
        throw PartHeader.damaged("entry row \(row) of a value")
      }
      return rows
    }
  }
}
