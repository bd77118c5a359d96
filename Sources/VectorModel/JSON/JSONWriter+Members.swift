// Members of an object in one call; an absent optional is left out.

extension JSONWriter {
  package mutating func member(_ key: String, _ value: Int?) { member(key, value) { $0.integer($1) } }
  package mutating func member(_ key: String, _ value: UInt64?) { member(key, value) { $0.integer($1) } }
  package mutating func member(_ key: String, _ value: Double?) { member(key, value) { $0.number($1) } }
  package mutating func member(_ key: String, _ value: Bool?) { member(key, value) { $0.bool($1) } }
  package mutating func member(_ key: String, _ value: String?) { member(key, value) { $0.string($1) } }
  package mutating func member(_ key: String, _ value: JSONValue?) {
    member(key, value) { $1.write(to: &$0) }
  }

  private mutating func member<Value>(
    _ key: String, _ value: Value?, _ write: (inout JSONWriter, Value) -> Void
  ) {
    guard let value else { return }
    self.key(key)
    write(&self, value)
  }

  /// Writes the member also when it is absent, as null.
  package mutating func nullableMember(_ key: String, _ value: Int?) {
    if let value { member(key, value) } else { member(key, .null as JSONValue) }
  }
}
