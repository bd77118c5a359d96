package import NIOHTTP1

/// All routes, as a tree over the segments of their paths.
package struct RouteTable: Sendable {
  package enum Match: Equatable, Sendable {
    /// The route's index, and the text of each segment in braces, still encoded.
    case route(Int, arguments: [String])
    /// The path is known with other methods only.
    case otherMethods([HTTPMethod])
    case unknown
  }

  package let routes: [Route]
  private var nodes = [Node()]

  private struct Node: Sendable {
    var literals: [(segment: [UInt8], node: Int)] = []
    var parameter: Int?
    var methods: [(method: HTTPMethod, route: Int)] = []
  }

  /// The table of every route that the server has.
  package static let all = RouteTable(
    serviceRoutes + collectionRoutes + pointRoutes + searchRoutes + snapshotRoutes)

  /// Builds the tree; two routes of one method and path are a mistake.
  init(_ routes: [Route]) {
    self.routes = routes
    for index in routes.indices { insert(index) }
  }

  /// Finds the route of a path without its query; one slash at its end does not count.
  ///
  /// A literal segment goes before one in braces, but not where only the latter has the method.
  /// - Complexity: O(length of the path).
  package func match(_ method: HTTPMethod, path: ArraySlice<UInt8>) -> Match {
    guard path.first == UInt8(ascii: "/") else { return .unknown }
    var rest = path.dropFirst()
    if rest.count > 1, rest.last == UInt8(ascii: "/") { rest = rest.dropLast() }
    let segments =
      rest.isEmpty ? [] : rest.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    var search = Search(method: method)
    if let route = find(segments[...], from: 0, &search) {
      return .route(route, arguments: search.arguments.map { String(decoding: $0, as: UTF8.self) })
    }
    return search.methods.isEmpty ? .unknown : .otherMethods(search.methods)
  }

  // MARK: Private parts

  private struct Search {
    let method: HTTPMethod
    var arguments: [ArraySlice<UInt8>] = []
    /// The methods of the paths that fit, where none was the one.
    var methods: [HTTPMethod] = []
  }

  private mutating func insert(_ index: Int) {
    let route = routes[index]
    var node = 0
    for segment in route.template.split(separator: "/") {
      node = segment.hasPrefix("{") ? parameterChild(of: node) : literalChild(of: node, Array(segment.utf8))
    }
    precondition(!nodes[node].methods.contains { $0.method == route.method }, "two routes of one path")
    nodes[node].methods.append((route.method, index))
  }

  private mutating func parameterChild(of node: Int) -> Int {
    if let child = nodes[node].parameter { return child }
    nodes.append(Node())
    nodes[node].parameter = nodes.count - 1
    return nodes.count - 1
  }

  private mutating func literalChild(of node: Int, _ segment: [UInt8]) -> Int {
    if let child = nodes[node].literals.first(where: { $0.segment == segment }) { return child.node }
    nodes.append(Node())
    nodes[node].literals.append((segment, nodes.count - 1))
    return nodes.count - 1
  }

  private func find(
    _ segments: ArraySlice<ArraySlice<UInt8>>, from node: Int, _ search: inout Search
  ) -> Int? {
    guard let segment = segments.first else {
      let methods = nodes[node].methods
      if let found = methods.first(where: { $0.method == search.method }) { return found.route }
      search.methods += methods.map(\.method)
      return nil
    }
    let rest = segments.dropFirst()
    if let literal = nodes[node].literals.first(where: { segment.elementsEqual($0.segment) }),
      let found = find(rest, from: literal.node, &search)
    {
      return found
    }
    guard let parameter = nodes[node].parameter, !segment.isEmpty else { return nil }
    search.arguments.append(segment)
    if let found = find(rest, from: parameter, &search) { return found }
    search.arguments.removeLast()
    return nil
  }
}
