extension QueryRequest {
  /// Reads the body of `points/query`, or of `points/query/groups` when it has `group_by`.
  package init(json reader: inout JSONReader) throws(RequestError) {
    self.init()
    var keys = GroupingKeys()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "prefetch": prefetch = try Prefetch.list(json: &reader, levelsLeft: Self.prefetchDepthMax)
      case "query": query = try Query(json: &reader)
      case "using": using = try reader.readString()
      case "lookup_from": lookupFrom = try LookupLocation(json: &reader)
      default:
        if try readSharedKey(key, json: &reader) { continue }
        if try !keys.readKey(key, json: &reader) { try reader.skipValue() }
      }
    }
    grouping = keys.grouping
  }

  /// Reads a key that all routes of search have; false, with nothing read, for any other.
  mutating func readSharedKey(_ key: String, json reader: inout JSONReader) throws(RequestError) -> Bool {
    switch key {
    case "filter": filter = try Filter(json: &reader)
    case "params": parameters = try SearchParameters(json: &reader)
    case "score_threshold": scoreThreshold = try reader.readFloat()
    case "limit", "top": limit = try reader.readInt("limit", in: 1...Self.limitMax)
    case "offset": offset = try reader.readInt("offset", in: 0...Self.limitMax)
    case "with_payload": withPayload = try PayloadSelection(json: &reader)
    case "with_vector", "with_vectors": withVector = try VectorSelection(json: &reader)
    case "shard_key": throw .notImplemented("`shard_key`")
    default: return false
    }
    return true
  }

  /// Reads the body of `points/query/batch`.
  package static func list(json reader: inout JSONReader) throws(RequestError) -> [QueryRequest] {
    try searches(json: &reader) { (reader) throws(RequestError) in try QueryRequest(json: &reader) }
  }

  /// Reads `{searches: […]}`, each by `search`.
  static func searches(
    json reader: inout JSONReader, _ search: (inout JSONReader) throws(RequestError) -> QueryRequest
  ) throws(RequestError) -> [QueryRequest] {
    var searches: [QueryRequest]?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      if key == "searches" {
        searches = try reader.readList("searches", atMost: batchMax, search)
      } else {
        try reader.skipValue()
      }
    }
    return try reader.required("searches", searches)
  }
}

extension Prefetch {
  /// Reads one prefetch or a list of them.
  fileprivate static func list(
    json reader: inout JSONReader, levelsLeft: Int
  ) throws(RequestError) -> [Prefetch] {
    guard levelsLeft > 0 else {
      throw .validation("[prefetch: nested deeper than \(QueryRequest.prefetchDepthMax) levels, the limit]")
    }
    guard try reader.peek() == .array else { return [try Prefetch(json: &reader, levelsLeft: levelsLeft)] }
    return try reader.readList("prefetch", atMost: QueryRequest.batchMax) { (reader) throws(RequestError) in
      try Prefetch(json: &reader, levelsLeft: levelsLeft)
    }
  }

  private init(json reader: inout JSONReader, levelsLeft: Int) throws(RequestError) {
    self.init()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "prefetch": prefetch = try Self.list(json: &reader, levelsLeft: levelsLeft - 1)
      case "query": query = try Query(json: &reader)
      case "using": using = try reader.readString()
      case "filter": filter = try Filter(json: &reader)
      case "params": parameters = try SearchParameters(json: &reader)
      case "score_threshold": scoreThreshold = try reader.readFloat()
      case "limit": limit = try reader.readInt("prefetch.limit", in: 1...QueryRequest.limitMax)
      case "lookup_from": lookupFrom = try LookupLocation(json: &reader)
      default: try reader.skipValue()
      }
    }
  }
}

extension LookupLocation {
  package init(json reader: inout JSONReader) throws(RequestError) {
    var collection: String?
    var vector = ""
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "collection": collection = try reader.readString()
      case "vector": vector = try reader.readString()
      case "shard_key": throw .notImplemented("`lookup_from.shard_key`")
      default: try reader.skipValue()
      }
    }
    self.init(collection: try reader.required("collection", collection), vector: vector)
  }
}

/// The keys that make groups of a search, while they are read.
struct GroupingKeys {
  private var groupBy: PayloadPath?
  private var groupSize: Int?
  private var lookup: Grouping?

  /// How many points one group may have.
  static let groupSizeMax = 10_000

  /// Reads a key that belongs here; false, with nothing read, for any other.
  mutating func readKey(_ key: String, json reader: inout JSONReader) throws(RequestError) -> Bool {
    switch key {
    case "group_by": groupBy = try reader.readPath()
    case "group_size": groupSize = try reader.readInt("group_size", in: 1...Self.groupSizeMax)
    case "with_lookup": lookup = try Self.lookup(json: &reader)
    default: return false
    }
    return true
  }

  /// What was read; nil without `group_by`.
  var grouping: Grouping? {
    guard let groupBy else { return nil }
    var grouping = Grouping(groupBy: groupBy)
    if let groupSize { grouping.groupSize = groupSize }
    if let lookup {
      grouping.lookupCollection = lookup.lookupCollection
      grouping.lookupPayload = lookup.lookupPayload
      grouping.lookupVector = lookup.lookupVector
    }
    return grouping
  }

  /// Reads a collection's name or `{collection, with_payload, with_vectors}` into the lookup keys of a grouping.
  private static func lookup(json reader: inout JSONReader) throws(RequestError) -> Grouping {
    var lookup = Grouping(groupBy: .topLevel("id"))
    if try reader.peek() == .string {
      lookup.lookupCollection = try reader.readString()
      return lookup
    }
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "collection": lookup.lookupCollection = try reader.readString()
      case "with_payload": lookup.lookupPayload = try PayloadSelection(json: &reader)
      case "with_vector", "with_vectors": lookup.lookupVector = try VectorSelection(json: &reader)
      default: try reader.skipValue()
      }
    }
    _ = try reader.required("collection", lookup.lookupCollection)
    return lookup
  }
}
