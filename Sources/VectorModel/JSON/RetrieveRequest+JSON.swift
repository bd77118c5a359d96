extension RetrieveRequest {
  /// Reads the body of `points`.
  package init(json reader: inout JSONReader) throws(RequestError) {
    self.init(ids: [])
    var ids: [PointID]?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "ids": ids = try PointID.list("ids", json: &reader)
      case "with_payload": withPayload = try PayloadSelection(json: &reader)
      case "with_vector", "with_vectors": withVector = try VectorSelection(json: &reader)
      case "shard_key": throw .notImplemented("`shard_key`")
      default: try reader.skipValue()
      }
    }
    self.ids = try reader.required("ids", ids)
  }
}

extension ScrollRequest {
  /// Reads the body of `points/scroll`.
  package init(json reader: inout JSONReader) throws(RequestError) {
    self.init()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "offset": offset = try PointID(json: &reader)
      case "limit": limit = try reader.readInt("limit", in: 1...QueryRequest.limitMax)
      case "filter": filter = try Filter(json: &reader)
      case "order_by": orderBy = try OrderBy(json: &reader)
      case "with_payload": withPayload = try PayloadSelection(json: &reader)
      case "with_vector", "with_vectors": withVector = try VectorSelection(json: &reader)
      case "shard_key": throw .notImplemented("`shard_key`")
      default: try reader.skipValue()
      }
    }
  }
}

extension CountRequest {
  /// Reads the body of `points/count`.
  package init(json reader: inout JSONReader) throws(RequestError) {
    self.init()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "filter": filter = try Filter(json: &reader)
      case "exact": isExact = try reader.readBool()
      case "shard_key": throw .notImplemented("`shard_key`")
      default: try reader.skipValue()
      }
    }
  }
}

extension FacetRequest {
  /// Reads the body of `facet`.
  package init(json reader: inout JSONReader) throws(RequestError) {
    var path: PayloadPath?
    var limit: Int?
    var filter: Filter?
    var isExact = false
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "key": path = try reader.readPath()
      case "limit": limit = try reader.readInt("limit", in: 1...QueryRequest.limitMax)
      case "filter": filter = try Filter(json: &reader)
      case "exact": isExact = try reader.readBool()
      case "shard_key": throw .notImplemented("`shard_key`")
      default: try reader.skipValue()
      }
    }
    self.init(key: try reader.required("key", path))
    if let limit { self.limit = limit }
    self.filter = filter
    self.isExact = isExact
  }
}
