package import VectorModel

// A part as named sections, of which only this file knows the meaning. Numbers are little-endian.
//
// header          magic "NTPX", version u16, type u8, 0 u8, slots u32, path UTF-8
// facts-<0…5>     SlotSet each: null, absent, null inside, several, other, indexed
// count-slots, count-values, distinct-slots, distinct-values   u32 each
// numeric types:  keys i64, starts u32, slots u32, buckets u8, bucket-rest u32
// other types:    term-offsets u64, terms, cardinalities u32, posting-offsets u64, postings

extension PayloadIndexPart {
  /// The version that is written; earlier ones are read. Version 1 had `block-offsets` and `blocks` instead of the buckets.
  package static let formatVersion: UInt16 = 2
  private static let magic = Array("NTPX".utf8)

  /// The part as bytes with names; the contents share the part's memory.
  package func sections() -> [(name: String, content: MemorySlice)] {
    var header = Self.magic
    header.append(Self.formatVersion)
    header.append(type.rawValue)
    header.append(UInt8(0))
    header.append(UInt32(slotCount))
    header += Array(path.description.utf8)
    var sections = [("header", MemorySlice(MemoryRegion(copying: header)))]
    for (index, slots) in facts.enumerated() { sections.append(("facts-\(index)", slots.slice)) }
    sections += [
      ("count-slots", counts.slots.slice), ("count-values", counts.counts.slice),
      ("distinct-slots", distinctCounts.slots.slice), ("distinct-values", distinctCounts.counts.slice),
    ]
    return sections + (numbers?.sections ?? []) + (terms?.sections ?? [])
  }

  /// Adopts the sections of a part of `field`.
  /// - Throws: `internalError` naming the field and the section where bytes are missing, damaged or of another
  ///   version or field; nothing is read out of bounds.
  /// - Complexity: O(bytes): everything is checked once, so that nothing need be checked later.
  package convenience init(
    field: PayloadField, sections: (String) -> MemorySlice?
  ) throws(RequestError) {
    func damaged(_ section: String) -> RequestError {
      .internalError("payload index part of \"\(field.path)\": section \"\(section)\" is missing or damaged")
    }
    func section(_ name: String) throws(RequestError) -> MemorySlice {
      guard let slice = sections(name) else { throw damaged(name) }
      return slice
    }
    let path = try PayloadPath(field.path)
    let (version, slotCount) = try Self.header(try section("header"), field: field, path: path)
    var facts: [SlotSet] = []
    for index in FieldValues.Facts.each.indices {
      let slots = SlotSet(try section("facts-\(index)"))
      guard slots.isValid(slotCount: slotCount) else { throw damaged("facts-\(index)") }
      facts.append(slots)
    }
    guard
      let counts = SlotCounts(
        slots: try section("count-slots"), counts: try section("count-values"), slotCount: slotCount)
    else { throw damaged("count-slots") }
    guard
      let distinctCounts = SlotCounts(
        slots: try section("distinct-slots"), counts: try section("distinct-values"), slotCount: slotCount)
    else { throw damaged("distinct-slots") }
    var numbers: NumberColumn?
    var terms: TermPostings?
    if IndexedValue.isNumeric(field.type) {
      numbers = NumberColumn(
        keys: try section("keys"), starts: try section("starts"), slots: try section("slots"),
        buckets: version == 1 ? nil : (try section("buckets"), try section("bucket-rest")),
        slotCount: slotCount)
      if numbers == nil { throw damaged("keys") }
    } else {
      terms = TermPostings(
        termOffsets: try section("term-offsets"), terms: try section("terms"),
        cardinalities: try section("cardinalities"), postingOffsets: try section("posting-offsets"),
        postings: try section("postings"), slotCount: slotCount)
      guard let terms, terms.areOfWidth(of: field.type) else { throw damaged("terms") }
    }
    self.init(
      path: path, type: field.type, slotCount: slotCount, numbers: numbers, terms: terms, facts: facts,
      counts: counts, distinctCounts: distinctCounts)
  }

  private static func header(
    _ header: MemorySlice, field: PayloadField, path: PayloadPath
  ) throws(RequestError) -> (version: UInt16, slotCount: Int) {
    let bytes = PackedArray<UInt8>(header).map { $0.elements(in: 0..<$0.count) } ?? []
    guard bytes.count >= 12, Array(bytes[..<4]) == magic else {
      throw .internalError("payload index part of \"\(field.path)\": section \"header\" is damaged")
    }
    let version = UInt16(bytes[4]) | UInt16(bytes[5]) << 8
    guard (1...formatVersion).contains(version) else {
      throw .internalError(
        "payload index part of \"\(field.path)\" has version \(version), this server reads 1 to \(formatVersion)"
      )
    }
    guard bytes[6] == field.type.rawValue, isSupported(field.type),
      bytes[12...].elementsEqual(path.description.utf8)
    else {
      throw .internalError("payload index part of \"\(field.path)\" belongs to another field or type")
    }
    return (version, Int(bytes[8]) | Int(bytes[9]) << 8 | Int(bytes[10]) << 16 | Int(bytes[11]) << 24)
  }
}

extension TermPostings {
  /// Whether the terms are as long as those of an index of `type`.
  fileprivate func areOfWidth(of type: PayloadFieldType) -> Bool {
    let width: Int
    switch type {
    case .uuid: width = 16
    case .bool: width = 1
    default: return true
    }
    return (0..<count).allSatisfy { term($0).count == width }
  }
}
