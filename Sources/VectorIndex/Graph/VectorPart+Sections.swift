package import VectorModel

/// Where the sections that searches read at random live.
package enum PartResidency: Sendable {
  /// Codes and links are copied into anonymous memory with huge pages.
  case copied
  /// Codes and links are read where they are: in a mapped file, of which no page is read ahead, because there is no
  /// memory to keep them all.
  case inPlace
}

extension VectorPart {
  /// The part as named bytes; `vectors` is by far the largest and may be mapped when it is read again.
  package func sections() -> [(name: String, bytes: MemorySlice)] {
    let header = PartHeader(
      element: element, distance: distance, hasCodes: codes != nil, hasGraph: graph != nil, count: count,
      dimension: dimension,
      parameters: parameters, entriesCount: graph?.entriesCount ?? 0,
      format: codes?.format ?? .bytes, uniformScale: codes?.uniformScale ?? 1)
    var sections = [(name: "header", bytes: MemorySlice(MemoryRegion(copying: header.encoded)))]
    if let codes {
      sections.append(("mean", codes.mean))
      sections.append(("codes", codes.codes))
    }
    if let graph {
      sections.append(("links", graph.linkBytes))
      sections.append(("entries", graph.entryBytes))
    }
    sections += ValueGraphSections.sections(valueGraphs, fields: linkedFields)
    sections.append(("vectors", vectors))
    return sections
  }

  /// Opens a part from its sections; every size and every link is checked, so damaged bytes are never followed.
  ///
  /// - Parameter sections: the bytes of a name, nil where there are none
  /// - Throws: `internalError` naming what is damaged or of a newer version.
  /// - Complexity: O(count × m)
  package convenience init(
    sections: (String) -> MemorySlice?, residency: PartResidency = .copied
  ) throws(RequestError) {
    guard let headerBytes = sections("header") else { throw PartHeader.damaged("no section header") }
    let header = try PartHeader(withExtendedLifetime(headerBytes) { unsafe [UInt8](headerBytes.bytes) })
    func section(_ name: String, _ byteCount: Int, copied: Bool) throws(RequestError) -> MemorySlice {
      guard let slice = sections(name) else { throw PartHeader.damaged("no section \(name)") }
      guard slice.count == byteCount else {
        throw PartHeader.damaged("section \(name) has \(slice.count) bytes, not \(byteCount)")
      }
      return try slice.resident(copied: copied)
    }
    let count = header.count
    let dimension = header.dimension
    let copied = residency == .copied
    if !copied {
      for name in ["vectors", "codes", "links"] { sections(name)?.adviseRandomAccess() }
    }
    let element = header.element
    let table = VectorTable(
      vectors: try section("vectors", count * element.byteCount(dimension: dimension), copied: false),
      count: count, dimension: dimension, element: element, distance: header.distance)
    if copied { table.vectors.mapCachedPages() }
    var codes: CodeTable?
    if header.hasCodes {
      codes = CodeTable(
        count: count, dimension: dimension, distance: header.distance, format: header.format,
        uniformScale: header.uniformScale,
        mean: try section("mean", dimension * 4, copied: true),
        codes: try section("codes", count * header.format.stride(dimension: dimension), copied: copied))
    }
    var graph: GraphLinks?
    if header.hasGraph {
      let m = header.parameters.m
      let linkBytes = try section("links", count * 2 * m * 4, copied: copied)
      let entryBytes =
        if let entry = header.hierarchyEntry {
          GraphLinks.entryBytes(besides: entry, count: count)
        } else {
          try section("entries", header.entriesCount * 4, copied: true)
        }
      let links = GraphLinks(m: m, count: count, linkBytes: linkBytes, entryBytes: entryBytes)
      try links.validate()
      graph = links
    }
    var values: (graphs: [ValueGraph], fields: [String]) = ([], [])
    if let directory = sections(ValueGraphSections.directoryName) {
      values = try ValueGraphSections.read(directory, count: count) {
        (name, byteCount, isLinks) throws(RequestError) in
        try section(name, byteCount, copied: copied || !isLinks)
      }
    }
    try self.init(
      vectors: table, distance: header.distance, parameters: header.parameters, codes: codes, graph: graph,
      linkedFields: values.fields, valueGraphs: values.graphs)
  }
}

extension MemorySlice {
  /// The same bytes, copied into anonymous memory if so wished or if they are not aligned to 4 bytes.
  fileprivate func resident(copied: Bool) throws(RequestError) -> MemorySlice {
    let source = unsafe bytes
    if !copied, Int(bitPattern: source.baseAddress) % 4 == 0 { return self }
    let memory = try AnonymousMemory(byteCount: count)
    unsafe memory.bytes.copyMemory(from: source)
    return memory.slice(count: count)
  }
}
