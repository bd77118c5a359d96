import VectorModel

/// A filter compiled for one pass over a payload: which values to look at, what to ask of each, and how the
/// answers combine.
final class FilterProgram: Sendable {
  indirect enum Expression: Sendable {
    case all([Expression])
    case any([Expression])
    case not(Expression)
    case atLeast(Int, [Expression])
    case leaf(Int)
    case nested(Int)
    case ids(Set<PointID>)
    case vector(String)
    case slice(total: UInt64, index: UInt64)
    case constant(Bool)
  }

  enum Leaf: Sendable {
    case field(FieldTest)
    case isEmpty
    case isNull
  }

  let trie: PayloadTrie
  let leaves: [Leaf]
  let nested: [FilterProgram]
  let expression: Expression

  /// - Parameter isNested: inside a `nested` condition there is no id and there are no vectors, so that
  ///   conditions on them do not hold.
  init(_ filter: Filter, isNested: Bool = false) {
    var compiler = Compiler(isNested: isNested)
    expression = compiler.compile(filter)
    trie = compiler.trie
    leaves = compiler.leaves
    nested = compiler.nested
  }

  /// Whether the answer depends on the payload at all.
  var needsPayload: Bool { !leaves.isEmpty || !nested.isEmpty }
}

private struct Compiler {
  let isNested: Bool
  var trie = PayloadTrie()
  var leaves: [FilterProgram.Leaf] = []
  var nested: [FilterProgram] = []

  init(isNested: Bool) { self.isNested = isNested }

  mutating func compile(_ filter: Filter) -> FilterProgram.Expression {
    var parts = filter.must.map { compile($0) }
    if !filter.should.isEmpty { parts.append(.any(filter.should.map { compile($0) })) }
    if let minShould = filter.minShould {
      parts.append(.atLeast(minShould.minimumCount, minShould.conditions.map { compile($0) }))
    }
    if !filter.mustNot.isEmpty { parts.append(.not(.any(filter.mustNot.map { compile($0) }))) }
    return .all(parts)
  }

  private mutating func compile(_ condition: Condition) -> FilterProgram.Expression {
    switch condition {
    case .filter(let filter): return compile(filter)
    case .isEmpty(let path): return leaf(.isEmpty, at: path)
    case .isNull(let path): return leaf(.isNull, at: path)
    case .field(let condition):
      let test = FieldTest(condition)
      return leaf(.field(test), at: condition.key, readsObjects: test.readsObjects)
    case .hasID(let ids): return isNested ? .constant(false) : .ids(ids)
    case .hasVector(let name): return isNested ? .constant(false) : .vector(name)
    case .slice(let total, let index): return isNested ? .constant(false) : .slice(total: total, index: index)
    case .nested(let path, let filter):
      trie.addNested(nested.count, at: path)
      nested.append(FilterProgram(filter, isNested: true))
      return .nested(nested.count - 1)
    }
  }

  private mutating func leaf(
    _ leaf: FilterProgram.Leaf, at path: PayloadPath, readsObjects: Bool = false
  ) -> FilterProgram.Expression {
    trie.addLeaf(leaves.count, at: path, readsObjects: readsObjects)
    leaves.append(leaf)
    return .leaf(leaves.count - 1)
  }
}
