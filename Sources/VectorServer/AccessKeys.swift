/// The keys that open the server, and what each opens.
package struct AccessKeys: Sendable {
  /// Opens everything.
  package var full: String?
  /// Opens what changes nothing.
  package var readOnly: String?

  package init(full: String? = nil, readOnly: String? = nil) {
    self.full = full
    self.readOnly = readOnly
  }

  package enum Access: Equatable, Sendable {
    case full
    case readOnly
    /// A key is demanded and none was given.
    case missing
    case invalid
  }

  /// Whether requests need a key at all.
  package var areDemanded: Bool { full != nil || readOnly != nil }

  /// What `key` opens.
  ///
  /// Both keys are compared in whole, so the time tells nothing but the given key's length.
  package func access(with key: String?) -> Access {
    guard areDemanded else { return .full }
    guard let key else { return .missing }
    let isFull = Self.equal(key, full)
    let isReadOnly = Self.equal(key, readOnly)
    return isFull ? .full : isReadOnly ? .readOnly : .invalid
  }

  private static func equal(_ given: String, _ expected: String?) -> Bool {
    let given = Array(given.utf8)
    let wanted = Array((expected ?? "").utf8)
    guard !wanted.isEmpty else { return false }
    var difference = UInt64(truncatingIfNeeded: given.count ^ wanted.count)
    for (index, byte) in given.enumerated() {
      difference |= UInt64(byte ^ wanted[index % wanted.count])
    }
    return difference == 0
  }
}
