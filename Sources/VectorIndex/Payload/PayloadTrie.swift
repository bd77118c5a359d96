import VectorModel

/// Paths compiled into one tree, so that a single walk over a payload meets the values of all of them.
struct PayloadTrie: Sendable {
  struct Node: Sendable {
    /// The members that are wanted where the value is an object, ascending by their bytes.
    var keys: [Key] = []
    /// The node of every element, where the value is an array (`[]`).
    var elements: Int?
    /// The nodes of single elements (`[n]`).
    var positions: [Int: Int] = [:]
    /// The leaves whose path ends here.
    var leaves: [Int] = []
    /// Whether a leaf here wants to see objects.
    var readsObjects = false
    /// The nested filters whose elements are the values here.
    var nested: [Int] = []

    /// Whether anything below an array is wanted.
    var wantsElements: Bool { elements != nil || !positions.isEmpty || !leaves.isEmpty }
  }

  struct Key: Sendable {
    let name: String
    let node: Int
  }

  /// The first node is the payload itself.
  private(set) var nodes = [Node()]

  mutating func addLeaf(_ leaf: Int, at path: PayloadPath, readsObjects: Bool = false) {
    let node = insert(path.segments)
    nodes[node].leaves.append(leaf)
    if readsObjects { nodes[node].readsObjects = true }
  }

  /// Adds a nested filter for each element of the array at `path`; `a` and `a[]` mean the same.
  mutating func addNested(_ nested: Int, at path: PayloadPath) {
    nodes[insert(path.ofElements().segments)].nested.append(nested)
  }

  private mutating func insert(_ segments: [PayloadPath.Segment]) -> Int {
    var node = 0
    for segment in segments {
      switch segment {
      case .key(let name): node = child(of: node, named: name)
      case .all:
        let next = nodes[node].elements ?? appendNode()
        nodes[node].elements = next
        node = next
      case .index(let position):
        let next = nodes[node].positions[position] ?? appendNode()
        nodes[node].positions[position] = next
        node = next
      }
    }
    return node
  }

  private mutating func child(of node: Int, named name: String) -> Int {
    if let place = nodes[node].place(of: name) { return nodes[node].keys[place].node }
    let next = appendNode()
    let place = nodes[node].lowerBound(of: name)
    nodes[node].keys.insert(Key(name: name, node: next), at: place)
    return next
  }

  private mutating func appendNode() -> Int {
    nodes.append(Node())
    return nodes.count - 1
  }
}

extension PayloadTrie.Node {
  /// Up to this many keys are compared one by one.
  private static var fewKeys: Int { 8 }

  /// Where the member `name` stands in `keys`, compared byte by byte.
  /// - Complexity: O(log number of keys).
  func place(of name: String) -> Int? {
    if keys.count <= Self.fewKeys {
      for place in keys.indices where keys[place].name.hasSameBytes(as: name) { return place }
      return nil
    }
    let place = lowerBound(of: name)
    return place < keys.count && keys[place].name.hasSameBytes(as: name) ? place : nil
  }

  fileprivate func lowerBound(of name: String) -> Int {
    var low = 0
    var high = keys.count
    while low < high {
      let middle = (low + high) / 2
      if keys[middle].name.utf8.lexicographicallyPrecedes(name.utf8) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }
}
