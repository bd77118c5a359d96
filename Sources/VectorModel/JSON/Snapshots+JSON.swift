extension SnapshotOptions {
  /// Reads the body of a creation; an empty body stands for no options.
  package init(json reader: inout JSONReader) throws(RequestError) {
    self.init()
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "description":
        description = try reader.readString()
        guard description.utf8.count <= Self.descriptionBytesMax else {
          throw reader.error(
            "a description of \(description.utf8.count) bytes, limit \(Self.descriptionBytesMax)")
        }
      case "base": base = try reader.readString()
      default: try reader.skipValue()
      }
    }
  }
}

extension SnapshotRecovery {
  /// Reads the body of `snapshots/recover`.
  package init(collection: String, json reader: inout JSONReader) throws(RequestError) {
    var location: String?
    var checksum: String?
    var until: Until?
    var apiKey: String?
    try reader.openObject()
    while let key = try reader.nextPresentKey() {
      switch key {
      case "location": location = try reader.readString()
      case "checksum": checksum = try reader.readString()
      case "api_key": apiKey = try reader.readString()
      case "until":
        until = try reader.peek() == .string ? try Until(reader.readString()) : .sequence(reader.readUInt64())
      case "priority":
        let word = try reader.readString()
        guard ["no_sync", "snapshot", "replica"].contains(word) else {
          throw reader.error("priority `\(word.prefix(64))` is none of no_sync, snapshot, replica")
        }
      default: try reader.skipValue()
      }
    }
    self.init(collection: collection, source: .location(try reader.required("location", location)))
    self.checksum = checksum
    self.until = until
    self.apiKey = apiKey
  }
}

extension StorageRecovery {
  /// Reads the body of `/snapshots/recover`: that of a collection's, where `until` has no meaning.
  package init(json reader: inout JSONReader) throws(RequestError) {
    let recovery = try SnapshotRecovery(collection: "", json: &reader)
    guard recovery.until == nil else {
      throw reader.error("`until` is of one collection; restore those one by one")
    }
    self.init(source: recovery.source)
    checksum = recovery.checksum
    apiKey = recovery.apiKey
  }
}

extension SnapshotRecovery.Until {
  /// Reads a sequence, or a time in the forms of RFC 3339.
  package init(_ text: String) throws(RequestError) {
    if let sequence = UInt64(text) {
      self = .sequence(sequence)
    } else if let microseconds = Datetime.microseconds(parsing: text), microseconds >= 0 {
      self = .milliseconds(UInt64(microseconds) / 1000)
    } else {
      throw .badRequest(
        "`until` must be a sequence or a time as 2026-01-31T12:00:00Z, not \"\(text.prefix(64))\"")
    }
  }
}

extension SnapshotDescription {
  package func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("name", name)
      // Whole seconds without a zone, as clients of this interface expect it: the time is UTC.
      var time = Datetime.text(microseconds: Int64(creationMilliseconds / 1000) * 1_000_000)
      if time.hasSuffix("Z") { time.removeLast() }
      writer.member("creation_time", time)
      writer.member("size", byteCount)
      writer.member("checksum", checksum)
      if !description.isEmpty { writer.member("description", description) }
      if let base { writer.member("base", base) }
      if sequence > 0 {
        writer.member("sequence", sequence)
        writer.member("earliest_sequence", earliestSequence)
        if let latestSequence { writer.member("latest_sequence", latestSequence) }
      }
    }
  }
}

extension SnapshotResult {
  /// Writes what stands in the envelope's `result`.
  package func write(to writer: inout JSONWriter) {
    switch self {
    case .list(let descriptions): writer.array(descriptions) { $1.write(to: &$0) }
    case .one(let description): description.write(to: &writer)
    case .done, .accepted: writer.bool(true)
    case .source(let source): writer.string(source.name)
    case .sink: writer.null()
    }
  }
}
