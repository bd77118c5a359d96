/// A search as bytes: what it has beside the query stands behind a word of flags.
extension QueryRequest {
  package func write(to writer: inout ByteWriter) {
    var parts = SearchParts(of: self)
    if timeoutMilliseconds != nil { parts.insert(.timeout) }
    if grouping != nil { parts.insert(.grouping) }
    parts.write(to: &writer)
    writer.count(limit)
    writer.count(offset)
    withPayload.write(to: &writer)
    withVector.write(to: &writer)
    SearchParts.writeShared(of: self, to: &writer)
    if let timeoutMilliseconds { writer.count(timeoutMilliseconds) }
    if let grouping { grouping.write(to: &writer) }
  }

  package init(
    from reader: inout ByteReader, _ budget: inout PrefetchBudget
  ) throws(RequestError) {
    self.init()
    let parts = try SearchParts(from: &reader)
    limit = try reader.number("limit", in: 1...Self.limitMax)
    offset = try reader.number("offset", in: 0...Self.limitMax)
    withPayload = try PayloadSelection(from: &reader)
    withVector = try VectorSelection(from: &reader)
    try parts.readShared(into: &self, from: &reader, &budget)
    if parts.contains(.timeout) { timeoutMilliseconds = try reader.timeoutMilliseconds() }
    if parts.contains(.grouping) { grouping = try Grouping(from: &reader) }
  }
}

extension Prefetch {
  fileprivate func write(to writer: inout ByteWriter) {
    SearchParts(of: self).write(to: &writer)
    writer.count(limit)
    SearchParts.writeShared(of: self, to: &writer)
  }

  fileprivate init(
    from reader: inout ByteReader, _ budget: inout PrefetchBudget
  ) throws(RequestError) {
    self.init()
    let parts = try SearchParts(from: &reader)
    guard parts.isSubset(of: .ofPrefetch) else {
      throw reader.malformed("parts \(parts.rawValue) of a prefetch")
    }
    limit = try reader.number("prefetch.limit", in: 1...QueryRequest.limitMax)
    try parts.readShared(into: &self, from: &reader, &budget)
  }
}

/// What is left of a request's limits on prefetches while it is read.
package struct PrefetchBudget {
  private var levels = QueryRequest.prefetchDepthMax
  private var prefetches = Self.prefetchesMax

  /// How many prefetches all searches of one frame may have together.
  package static let prefetchesMax = 16_384

  package init() {}

  fileprivate mutating func list(_ reader: inout ByteReader) throws(RequestError) -> [Prefetch] {
    guard levels > 0 else {
      throw .outOfBounds("prefetch", "nested", "at most \(QueryRequest.prefetchDepthMax) levels deep")
    }
    levels -= 1
    let size = try reader.count(bytesEach: 3)
    try ByteReader.checkCount("prefetch", size, atMost: prefetches)
    prefetches -= size
    var list: [Prefetch] = []
    list.reserveCapacity(size)
    for _ in 0..<size { list.append(try Prefetch(from: &reader, &self)) }
    levels += 1
    return list
  }
}

/// What a search and a prefetch have in common.
private protocol Search {
  var prefetch: [Prefetch] { get set }
  var query: Query? { get set }
  var using: String { get set }
  var filter: Filter? { get set }
  var parameters: SearchParameters { get set }
  var scoreThreshold: Float? { get set }
  var lookupFrom: LookupLocation? { get set }
}

extension QueryRequest: Search {}
extension Prefetch: Search {}

/// Which parts a search has; a part that is not named has its default.
private struct SearchParts: OptionSet {
  let rawValue: UInt16

  static let prefetch = SearchParts(rawValue: 1 << 0)
  static let query = SearchParts(rawValue: 1 << 1)
  static let using = SearchParts(rawValue: 1 << 2)
  static let filter = SearchParts(rawValue: 1 << 3)
  static let parameters = SearchParts(rawValue: 1 << 4)
  static let scoreThreshold = SearchParts(rawValue: 1 << 5)
  static let lookupFrom = SearchParts(rawValue: 1 << 6)
  static let timeout = SearchParts(rawValue: 1 << 7)
  static let grouping = SearchParts(rawValue: 1 << 8)

  static let ofPrefetch: SearchParts = [
    .prefetch, .query, .using, .filter, .parameters, .scoreThreshold, .lookupFrom,
  ]
  static let ofRequest: SearchParts = [.ofPrefetch, .timeout, .grouping]

  init(rawValue: UInt16) { self.rawValue = rawValue }

  init(of search: some Search) {
    self = []
    if !search.prefetch.isEmpty { insert(.prefetch) }
    if search.query != nil { insert(.query) }
    if !search.using.isEmpty { insert(.using) }
    if search.filter != nil { insert(.filter) }
    if search.parameters != SearchParameters() { insert(.parameters) }
    if search.scoreThreshold != nil { insert(.scoreThreshold) }
    if search.lookupFrom != nil { insert(.lookupFrom) }
  }

  func write(to writer: inout ByteWriter) {
    writer.byte(UInt8(truncatingIfNeeded: rawValue))
    writer.byte(UInt8(truncatingIfNeeded: rawValue >> 8))
  }

  init(from reader: inout ByteReader) throws(RequestError) {
    let low = try reader.byte()
    rawValue = UInt16(low) | UInt16(try reader.byte()) << 8
    guard isSubset(of: .ofRequest) else { throw reader.malformed("parts \(rawValue) of a search") }
  }

  static func writeShared(of search: some Search, to writer: inout ByteWriter) {
    if !search.prefetch.isEmpty { writer.list(search.prefetch) { $1.write(to: &$0) } }
    search.query?.write(to: &writer)
    if !search.using.isEmpty { writer.text(search.using) }
    if let filter = search.filter { writer.json { filter.write(to: &$0) } }
    if search.parameters != SearchParameters() { search.parameters.write(to: &writer) }
    if let scoreThreshold = search.scoreThreshold { writer.float32(scoreThreshold) }
    search.lookupFrom?.write(to: &writer)
  }

  func readShared(
    into search: inout some Search, from reader: inout ByteReader, _ budget: inout PrefetchBudget
  ) throws(RequestError) {
    if contains(.prefetch) { search.prefetch = try budget.list(&reader) }
    if contains(.query) { search.query = try Query(from: &reader) }
    if contains(.using) { search.using = try reader.text() }
    if contains(.filter) {
      search.filter = try reader.json { (json) throws(RequestError) in try Filter(json: &json) }
    }
    if contains(.parameters) { search.parameters = try SearchParameters(from: &reader) }
    if contains(.scoreThreshold) { search.scoreThreshold = try reader.float32("score_threshold") }
    if contains(.lookupFrom) { search.lookupFrom = try LookupLocation(from: &reader) }
  }
}

extension SearchParameters {
  private static let ef: UInt8 = 1 << 0
  private static let exact: UInt8 = 1 << 1
  private static let indexedOnly: UInt8 = 1 << 2
  private static let ignoreQuantization: UInt8 = 1 << 3
  private static let hasRescore: UInt8 = 1 << 4
  private static let rescore: UInt8 = 1 << 5
  private static let oversampling: UInt8 = 1 << 6
  private static let explain: UInt8 = 1 << 7

  fileprivate func write(to writer: inout ByteWriter) {
    var flags: UInt8 = 0
    if ef != nil { flags |= Self.ef }
    if isExact { flags |= Self.exact }
    if indexedOnly { flags |= Self.indexedOnly }
    if ignoreQuantization { flags |= Self.ignoreQuantization }
    if let rescore { flags |= Self.hasRescore | (rescore ? Self.rescore : 0) }
    if oversampling != nil { flags |= Self.oversampling }
    if explain { flags |= Self.explain }
    writer.byte(flags)
    if let ef { writer.count(ef) }
    if let oversampling { writer.float64(oversampling) }
    switch language {
    case .ofExamples: writer.byte(0)
    case .any: writer.byte(1)
    case .these(let languages):
      writer.byte(2)
      writer.list(languages) { $0.text($1) }
    }
  }

  fileprivate init(from reader: inout ByteReader) throws(RequestError) {
    self.init()
    let flags = try reader.byte()
    isExact = flags & Self.exact != 0
    indexedOnly = flags & Self.indexedOnly != 0
    ignoreQuantization = flags & Self.ignoreQuantization != 0
    if flags & Self.hasRescore != 0 { rescore = flags & Self.rescore != 0 }
    explain = flags & Self.explain != 0
    if flags & Self.ef != 0 { ef = try reader.number("params.hnsw_ef", in: 1...HNSWConfiguration.efMax) }
    if flags & Self.oversampling != 0 {
      let value = try reader.float64("params.quantization.oversampling")
      guard value >= 1 else { throw .outOfBounds("params.quantization.oversampling", value, "1 or larger") }
      oversampling = value
    }
    switch try reader.byte() {
    case 0: language = .ofExamples
    case 1: language = .any
    case 2:
      language = .these(
        try reader.list("params.language", atMost: LanguageChoice.languagesMax) {
          (reader) throws(RequestError) in try reader.text()
        })
    case let tag: throw reader.malformed("language of kind \(tag)")
    }
  }
}

extension LookupLocation {
  fileprivate func write(to writer: inout ByteWriter) {
    writer.text(collection)
    writer.text(vector)
  }

  fileprivate init(from reader: inout ByteReader) throws(RequestError) {
    let collection = try reader.text()
    self.init(collection: collection, vector: try reader.text())
  }
}

extension Grouping {
  fileprivate func write(to writer: inout ByteWriter) {
    writer.text(groupBy.description)
    writer.count(groupSize)
    writer.optional(lookupCollection) { writer, collection in
      writer.text(collection)
      lookupPayload.write(to: &writer)
      lookupVector.write(to: &writer)
    }
  }

  fileprivate init(from reader: inout ByteReader) throws(RequestError) {
    self.init(groupBy: try reader.path())
    groupSize = try reader.number("group_size", in: 1...GroupingKeys.groupSizeMax)
    guard try reader.bool() else { return }
    lookupCollection = try reader.text()
    lookupPayload = try PayloadSelection(from: &reader)
    lookupVector = try VectorSelection(from: &reader)
  }
}
