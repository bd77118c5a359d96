/// A filter as the JSON that `Filter(json:)` reads.
extension Filter {
  /// Sets are written in ascending order, so that equal filters have equal bytes.
  package func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.conditions("must", must)
      writer.conditions("must_not", mustNot)
      writer.conditions("should", should)
      if let minShould {
        writer.key("min_should")
        writer.object { writer in
          writer.key("conditions")
          writer.array(minShould.conditions) { $1.write(to: &$0) }
          writer.member("min_count", minShould.minimumCount)
        }
      }
    }
  }
}

extension JSONWriter {
  fileprivate mutating func conditions(_ key: String, _ conditions: [Condition]) {
    guard !conditions.isEmpty else { return }
    self.key(key)
    array(conditions) { $1.write(to: &$0) }
  }

  fileprivate mutating func path(_ path: PayloadPath) { member("key", path.description) }
}

extension Condition {
  fileprivate func write(to writer: inout JSONWriter) {
    switch self {
    case .filter(let filter): filter.write(to: &writer)
    case .field(let field): field.write(to: &writer)
    case .isEmpty(let path): Self.write("is_empty", to: &writer) { $0.object { $0.path(path) } }
    case .isNull(let path): Self.write("is_null", to: &writer) { $0.object { $0.path(path) } }
    case .hasID(let ids): Self.write("has_id", to: &writer) { $0.array(ids.sorted()) { $1.write(to: &$0) } }
    case .hasVector(let name): Self.write("has_vector", to: &writer) { $0.string(name) }
    case .slice(let total, let index):
      Self.write("slice", to: &writer) { writer in
        writer.object { writer in
          writer.member("total", total)
          writer.member("index", index)
        }
      }
    case .nested(let path, let filter):
      Self.write("nested", to: &writer) { writer in
        writer.object { writer in
          writer.path(path)
          writer.key("filter")
          filter.write(to: &writer)
        }
      }
    }
  }

  /// Writes an object with one member.
  private static func write(_ key: String, to writer: inout JSONWriter, _ value: (inout JSONWriter) -> Void) {
    writer.object { writer in
      writer.key(key)
      value(&writer)
    }
  }
}

extension FieldCondition {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.path(key)
      if let match {
        writer.key("match")
        match.write(to: &writer)
      }
      if let range {
        writer.key("range")
        switch range {
        case .number(let bounds): bounds.write(to: &writer) { $0.number($1) }
        case .datetime(let bounds):
          bounds.write(to: &writer) { $0.string(Datetime.text(microseconds: $1)) }
        }
      }
      for condition in geo { condition.writeMember(to: &writer) }
      if let valuesCount {
        writer.key("values_count")
        valuesCount.write(to: &writer) { $0.integer($1) }
      }
      writer.member("is_empty", isEmpty)
      writer.member("is_null", isNull)
    }
  }
}

extension Bounds {
  fileprivate func write(to writer: inout JSONWriter, _ value: (inout JSONWriter, Value) -> Void) {
    let members = [
      ("lt", lessThan), ("lte", lessThanOrEqual), ("gt", greaterThan), ("gte", greaterThanOrEqual),
    ]
    writer.object { writer in
      for case (let key, let bound?) in members {
        writer.key(key)
        value(&writer, bound)
      }
    }
  }
}

extension Match {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      switch self {
      case .string(let value): writer.member("value", value)
      case .integer(let value):
        writer.key("value")
        writer.integer(value)
      case .bool(let value): writer.member("value", value)
      case .anyString(let values): Self.write("any", values.sorted(), to: &writer) { $0.string($1.text) }
      case .anyInteger(let values): Self.write("any", values.sorted(), to: &writer) { $0.integer($1) }
      case .exceptStrings(let values):
        Self.write("except", values.sorted(), to: &writer) { $0.string($1.text) }
      case .exceptIntegers(let values): Self.write("except", values.sorted(), to: &writer) { $0.integer($1) }
      case .text(let text): writer.member("text", text)
      case .textAny(let text): writer.member("text_any", text)
      case .phrase(let text): writer.member("phrase", text)
      case .prefix(let text): writer.member("prefix", text)
      }
    }
  }

  private static func write<Value>(
    _ key: String, _ values: [Value], to writer: inout JSONWriter, _ value: (inout JSONWriter, Value) -> Void
  ) {
    writer.key(key)
    writer.array(values, value)
  }
}
