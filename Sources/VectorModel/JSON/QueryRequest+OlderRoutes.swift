// The bodies of `points/search`, `points/recommend` and `points/discover`, which say less than `points/query`.

extension QueryRequest {
  /// Reads the body of `points/search` or `points/search/groups`: a vector, alone or as `{name, vector}`.
  package init(searchJSON reader: inout JSONReader) throws(RequestError) {
    self.init()
    var input: VectorInput?
    try readOlder(json: &reader) { (request, key, reader) throws(RequestError) in
      guard key == "vector" else { return false }
      input = .vector(try request.readNamedVector(json: &reader))
      return true
    }
    query = .nearest(try reader.required("vector", input), mmr: nil)
  }

  /// Reads the body of `points/recommend` or `points/recommend/groups`.
  package init(recommendJSON reader: inout JSONReader) throws(RequestError) {
    self.init()
    var recommend = RecommendQuery(positive: [])
    try readOlder(json: &reader) { (_, key, reader) throws(RequestError) in
      try recommend.readKey(key, json: &reader)
    }
    query = .recommend(recommend)
  }

  /// Reads the body of `points/discover`: a target, a context, or both.
  package init(discoverJSON reader: inout JSONReader) throws(RequestError) {
    self.init()
    var target: VectorInput?
    var context: [ContextPair] = []
    try readOlder(json: &reader) { (_, key, reader) throws(RequestError) in
      switch key {
      case "target": target = try VectorInput(json: &reader)
      case "context": context = try ContextPair.list(json: &reader)
      default: return false
      }
      return true
    }
    query = target.map { .discover(target: $0, context: context) } ?? .context(context)
  }

  /// Reads the body of `points/search/batch`.
  package static func searchList(json reader: inout JSONReader) throws(RequestError) -> [QueryRequest] {
    try searches(json: &reader) { (reader) throws(RequestError) in try QueryRequest(searchJSON: &reader) }
  }

  /// Reads the body of `points/recommend/batch`.
  package static func recommendList(json reader: inout JSONReader) throws(RequestError) -> [QueryRequest] {
    try searches(json: &reader) { (reader) throws(RequestError) in try QueryRequest(recommendJSON: &reader) }
  }

  /// Reads the body of `points/discover/batch`.
  package static func discoverList(json reader: inout JSONReader) throws(RequestError) -> [QueryRequest] {
    try searches(json: &reader) { (reader) throws(RequestError) in try QueryRequest(discoverJSON: &reader) }
  }

  /// Reads an object whose own keys `ownKey` takes, and what all routes of search share.
  private mutating func readOlder(
    json reader: inout JSONReader,
    _ ownKey: (inout QueryRequest, String, inout JSONReader) throws(RequestError) -> Bool
  ) throws(RequestError) {
    var keys = GroupingKeys()
    var hasLimit = false
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      if key == "limit" || key == "top" { hasLimit = true }
      switch key {
      case "using": using = try reader.readString()
      case "lookup_from": lookupFrom = try LookupLocation(json: &reader)
      default:
        if try ownKey(&self, key, &reader) { continue }
        if try readSharedKey(key, json: &reader) { continue }
        if try !keys.readKey(key, json: &reader) { try reader.skipValue() }
      }
    }
    guard hasLimit else { throw reader.missing("limit") }
    grouping = keys.grouping
  }

  /// Reads a vector, or `{name, vector}`, whose name is the vector to search.
  private mutating func readNamedVector(json reader: inout JSONReader) throws(RequestError) -> VectorValue {
    guard try reader.peek() == .object else { return try VectorValue(json: &reader) }
    var vector: VectorValue?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "name": using = try reader.readString()
      case "vector": vector = try VectorValue(json: &reader)
      default: try reader.skipValue()
      }
    }
    return try reader.required("vector", vector)
  }
}
