package import VectorModel

/// The reference of what filters mean: asks one payload after the other, without any index.
///
/// Semantics, as the public server has them: a path reaches no value, one, or through `[]` several; a plain key
/// does not traverse an array. A condition on a field holds when it holds for any value, or for any element of a
/// value that is an array, one level deep. Without a text index `text` and `phrase` are substring tests,
/// `text_any` looks for any of the words as a substring, and `prefix` is a prefix of the bytes. `nested` binds one
/// element that is an object, and in it ids, vectors and slices do not hold. Strings and keys compare byte by byte.
///
/// The value keeps scratch memory: each thread takes its own copy.
package struct FilterEvaluator: Sendable {
  private let program: FilterProgram
  private var run: FilterRun

  /// - Complexity: linear in the size of the filter.
  package init(_ filter: Filter) {
    program = FilterProgram(filter)
    run = FilterRun(program)
  }

  /// Whether the answer depends on the payload; without that, any bytes may be given.
  package var needsPayload: Bool { program.needsPayload }

  /// Whether a point matches.
  /// - Parameter payload: a JSON object, or no bytes for none
  /// - Throws: where the payload is no JSON object.
  /// - Complexity: linear in the payload; members that the filter does not name are read over.
  package mutating func matches(
    payload: [UInt8], id: PointID, hasVector: (String) -> Bool
  ) throws(RequestError) -> Bool {
    run.reset()
    if program.needsPayload { try run.walk(payload) }
    return run.holds(program.expression, id: id, hasVector: hasVector)
  }
}

/// What one walk has found out about the leaves of a program.
private struct FilterRun: PayloadVisitor, Sendable {
  let program: FilterProgram
  var marks: [JSONReader.Mark?] = []
  private var leaves: [LeafState]
  private var nestedHolds: [Bool]
  private var nestedRuns: [FilterRun]

  struct LeafState: Sendable {
    /// Whether the path has reached a value.
    var isReached = false
    /// Whether the condition held for any value; of `isEmpty`, whether any value was not empty.
    var isMarked = false
  }

  init(_ program: FilterProgram) {
    self.program = program
    leaves = Array(repeating: LeafState(), count: program.leaves.count)
    nestedHolds = Array(repeating: false, count: program.nested.count)
    nestedRuns = program.nested.map { FilterRun($0) }
  }

  var trie: PayloadTrie { program.trie }

  mutating func reset() {
    for index in leaves.indices { leaves[index] = LeafState() }
    for index in nestedHolds.indices { nestedHolds[index] = false }
    marks.removeAll(keepingCapacity: true)
  }

  func holds(_ expression: FilterProgram.Expression, id: PointID, hasVector: (String) -> Bool) -> Bool {
    switch expression {
    case .all(let parts): return parts.allSatisfy { holds($0, id: id, hasVector: hasVector) }
    case .any(let parts): return parts.contains { holds($0, id: id, hasVector: hasVector) }
    case .not(let part): return !holds(part, id: id, hasVector: hasVector)
    case .atLeast(let minimum, let parts):
      return parts.count { holds($0, id: id, hasVector: hasVector) } >= minimum
    case .leaf(let index): return holds(leaf: index)
    case .nested(let index): return nestedHolds[index]
    case .ids(let ids): return ids.contains(id)
    case .vector(let name): return hasVector(name)
    case .slice(let total, let index): return SipHash.isIn(slice: index, of: total, id)
    case .constant(let value): return value
    }
  }

  private func holds(leaf index: Int) -> Bool {
    let state = leaves[index]
    switch program.leaves[index] {
    case .field(let test): return state.isMarked || !state.isReached && test.holdsForMissing
    case .isEmpty: return !state.isMarked
    case .isNull: return state.isMarked
    }
  }

  mutating func visitScalar(_ leaf: Int, _ value: JSONValue) {
    leaves[leaf].isReached = true
    if leaves[leaf].isMarked { return }
    switch program.leaves[leaf] {
    case .field(let test): leaves[leaf].isMarked = test.holds(for: value)
    case .isEmpty: leaves[leaf].isMarked = value != .null
    case .isNull: leaves[leaf].isMarked = value == .null
    }
  }

  mutating func visitObject(_ leaf: Int, _ value: JSONValue?) {
    leaves[leaf].isReached = true
    switch program.leaves[leaf] {
    case .field(let test): if test.holds(for: value) { leaves[leaf].isMarked = true }
    case .isEmpty: leaves[leaf].isMarked = true
    case .isNull: break
    }
  }

  mutating func visitElement(_ leaf: Int, _ value: JSONValue?) {
    if leaves[leaf].isMarked { return }
    if case .field(let test) = program.leaves[leaf] { leaves[leaf].isMarked = test.holds(forElement: value) }
  }

  mutating func visitArray(_ leaf: Int, count: Int, hasNull: Bool) {
    leaves[leaf].isReached = true
    switch program.leaves[leaf] {
    case .field(let test):
      if test.holds(forArrayOf: count, hasNull: hasNull) { leaves[leaf].isMarked = true }
    case .isEmpty: if count > 0 { leaves[leaf].isMarked = true }
    case .isNull: break
    }
  }

  mutating func visitNested(_ nested: Int, _ reader: inout JSONReader) throws(RequestError) {
    if nestedHolds[nested] { return try reader.skipValue() }
    nestedRuns[nested].reset()
    try nestedRuns[nested].walkObject(0, &reader)
    // Inside an element neither id nor vectors are asked for: the program has constants there.
    nestedHolds[nested] = nestedRuns[nested].holds(id: .number(0))
  }

  private func holds(id: PointID) -> Bool { holds(program.expression, id: id) { _ in false } }
}
