import VectorModel

@testable import VectorIndex

/// The semantics of filters a second time, over whole JSON trees and as plainly as possible.
struct TreeFilter {
  let id: PointID
  let vectors: Set<String>
  var isNested = false

  func holds(_ filter: Filter, _ payload: JSONValue) -> Bool {
    let holds: (Condition) -> Bool = { self.holds($0, payload) }
    guard filter.must.allSatisfy(holds), !filter.mustNot.contains(where: holds) else { return false }
    if !filter.should.isEmpty, !filter.should.contains(where: holds) { return false }
    guard let minShould = filter.minShould else { return true }
    return minShould.conditions.filter(holds).count >= minShould.minimumCount
  }

  private func holds(_ condition: Condition, _ payload: JSONValue) -> Bool {
    switch condition {
    case .filter(let filter): return holds(filter, payload)
    case .isEmpty(let path):
      return values(path.segments, payload).allSatisfy { $0 == .null || $0 == .array([]) }
    case .isNull(let path): return values(path.segments, payload).contains(.null)
    case .hasID(let ids): return !isNested && ids.contains(id)
    case .hasVector(let name): return !isNested && vectors.contains(name)
    case .slice(let total, let index): return !isNested && SipHash.isIn(slice: index, of: total, id)
    case .nested(let path, let filter):
      let inner = TreeFilter(id: id, vectors: vectors, isNested: true)
      let segments = path.segments.last == .all ? path.segments : path.segments + [.all]
      return values(segments, payload).contains { element in
        if case .object = element { inner.holds(filter, element) } else { false }
      }
    case .field(let condition): return holds(condition, payload)
    }
  }

  private func holds(_ condition: FieldCondition, _ payload: JSONValue) -> Bool {
    let values = values(condition.key.segments, payload)
    // One level: the elements of an array stand for it.
    let elements = values.flatMap { value in
      if case .array(let elements) = value { elements } else { [value] }
    }
    if let match = condition.match, elements.contains(where: { holds(match, $0) }) { return true }
    if let range = condition.range, elements.contains(where: { holds(range, $0) }) { return true }
    if condition.geo.contains(where: { geo in elements.contains { TreePlace($0)?.isIn(geo) ?? false } }) {
      return true
    }
    if let bounds = condition.valuesCount {
      let counts = values.isEmpty ? [0] : values.map { count($0) }
      if counts.contains(where: { bounds.contains($0) }) { return true }
    }
    if let isEmpty = condition.isEmpty {
      let found = values.isEmpty ? [true] : values.map { count($0) == 0 }
      if found.contains(isEmpty) { return true }
    }
    if let isNull = condition.isNull {
      let found = values.isEmpty ? [false] : values.map { hasNull($0) }
      if found.contains(isNull) { return true }
    }
    return false
  }

  private func count(_ value: JSONValue) -> Int {
    switch value {
    case .null: 0
    case .array(let elements): elements.count
    default: 1
    }
  }

  private func hasNull(_ value: JSONValue) -> Bool {
    if case .array(let elements) = value { elements.contains(.null) } else { value == .null }
  }

  private func holds(_ match: Match, _ value: JSONValue) -> Bool {
    func isIn(_ list: Set<ExactString>) -> Bool {
      guard case .string(let text) = value else { return false }
      return list.contains { Array($0.utf8) == Array(text.utf8) }
    }
    func isIn(_ list: Set<Int64>) -> Bool {
      guard case .integer(let number) = value else { return false }
      return list.contains(number)
    }
    func isText(_ test: ([UInt8]) -> Bool) -> Bool {
      if case .string(let text) = value { test(Array(text.utf8)) } else { false }
    }
    switch match {
    case .string(let text): return isIn([ExactString(text)])
    case .integer(let number): return isIn([number])
    case .bool(let flag): return value == .bool(flag)
    case .anyString(let list): return isIn(list)
    case .anyInteger(let list): return isIn(list)
    case .exceptStrings(let list): return value != .null && !isIn(list)
    case .exceptIntegers(let list): return value != .null && !isIn(list)
    case .text(let text), .phrase(let text): return isText { find(Array(text.utf8), in: $0) }
    case .textAny(let text):
      let words = text.split { $0 == " " || $0 == "\t" || $0 == "\n" }
      return isText { bytes in words.contains { find(Array($0.utf8), in: bytes) } }
    case .prefix(let text): return isText { $0.starts(with: Array(text.utf8)) }
    }
  }

  private func find(_ pattern: [UInt8], in bytes: [UInt8]) -> Bool {
    guard bytes.count >= pattern.count else { return false }
    return (0...(bytes.count - pattern.count)).contains { Array(bytes[$0..<($0 + pattern.count)]) == pattern }
  }

  private func holds(_ range: RangeCondition, _ value: JSONValue) -> Bool {
    switch (range, value) {
    case (.number(let bounds), .integer(let number)): bounds.contains(Double(number))
    case (.number(let bounds), .unsigned(let number)): bounds.contains(Double(number))
    case (.number(let bounds), .double(let number)): bounds.contains(number)
    case (.datetime(let bounds), .string(let text)):
      Datetime.microseconds(parsing: text).map { bounds.contains($0) } ?? false
    default: false
    }
  }

  private func values(_ segments: some Collection<PayloadPath.Segment>, _ value: JSONValue) -> [JSONValue] {
    guard let segment = segments.first else { return [value] }
    let rest = segments.dropFirst()
    switch (segment, value) {
    case (.key(let name), .object(let members)):
      return members.filter { Array($0.key.utf8) == Array(name.utf8) }.flatMap { values(rest, $0.value) }
    case (.index(let position), .array(let elements)):
      return elements.indices.contains(position) ? values(rest, elements[position]) : []
    case (.all, .array(let elements)): return elements.flatMap { values(rest, $0) }
    default: return []
    }
  }
}
