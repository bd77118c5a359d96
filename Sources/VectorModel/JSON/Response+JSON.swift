extension Response.Result {
  /// Writes what stands in the envelope's `result`.
  package func write(to writer: inout JSONWriter) {
    switch self {
    case .bool(let value): writer.bool(value)
    case .exists(let exists): writer.object { $0.member("exists", exists) }
    case .collections(let names):
      writer.list("collections", names) { writer, name in writer.object { $0.member("name", name) } }
    case .collection(let info): info.write(to: &writer)
    case .aliases(let aliases): writer.list("aliases", aliases) { $1.write(to: &$0) }
    case .update(let result): result.write(to: &writer)
    case .updates(let results): writer.array(results) { $1.write(to: &$0) }
    case .record(let record): record.write(to: &writer)
    case .records(let records): writer.array(records) { $1.write(to: &$0) }
    case .scroll(let records, let nextPageOffset):
      writer.object { writer in
        writer.key("points")
        writer.array(records) { $1.write(to: &$0) }
        writer.key("next_page_offset")
        if let nextPageOffset { nextPageOffset.write(to: &writer) } else { writer.null() }
      }
    case .count(let count): writer.object { $0.member("count", count) }
    case .facet(let hits): writer.list("hits", hits) { $1.write(to: &$0) }
    case .points(let points, let form): form.write(points, to: &writer)
    case .pointBatches(let batches, let form): writer.array(batches) { form.write($1, to: &$0) }
    case .groups(let groups): writer.list("groups", groups) { $1.write(to: &$0) }
    }
  }
}

extension JSONWriter {
  /// Writes an object whose only member is a list.
  fileprivate mutating func list<Element>(
    _ key: String, _ elements: [Element], _ body: (inout JSONWriter, Element) -> Void
  ) {
    object { writer in
      writer.key(key)
      writer.array(elements, body)
    }
  }
}

extension Request.ResultForm {
  fileprivate func write(_ points: [ScoredPoint], to writer: inout JSONWriter) {
    switch self {
    case .points: writer.list("points", points) { $1.write(to: &$0) }
    case .list: writer.array(points) { $1.write(to: &$0) }
    }
  }
}

extension PointRecord {
  package func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.key("id")
      id.write(to: &writer)
      writeContents(to: &writer)
    }
  }

  /// Writes what was asked for of the point.
  fileprivate func writeContents(to writer: inout JSONWriter) {
    if let payload {
      writer.key("payload")
      writer.raw(payload.isEmpty ? Array("{}".utf8) : payload)
    }
    if let vectors {
      writer.key("vector")
      vectors.write(to: &writer)
    }
    if let orderValue {
      writer.key("order_value")
      orderValue.write(to: &writer)
    }
  }
}

extension ScoredPoint {
  package func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.key("id")
      record.id.write(to: &writer)
      writer.member("version", version)
      writer.key("score")
      writer.number(score)
      record.writeContents(to: &writer)
    }
  }
}

extension PointGroup {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.key("hits")
      writer.array(hits) { $1.write(to: &$0) }
      writer.member("id", id)
      if let lookup {
        writer.key("lookup")
        lookup.write(to: &writer)
      }
    }
  }
}

extension FacetHit {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("value", value)
      writer.member("count", count)
    }
  }
}

extension Alias {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("alias_name", alias)
      writer.member("collection_name", collection)
    }
  }
}

extension UpdateResult {
  fileprivate func write(to writer: inout JSONWriter) {
    let word =
      switch status {
      case .acknowledged: "acknowledged"
      case .completed: "completed"
      case .waitTimeout: "wait_timeout"
      }
    writer.object { writer in
      writer.member("operation_id", operationID)
      writer.member("status", word)
    }
  }
}
