import VectorModel

extension ValueGraph {
  /// Links the rows of each value among themselves.
  ///
  /// - Parameters:
  ///   - table: what rows are compared by
  ///   - previous: a part whose links are taken over as far as a value's rows are there again
  /// - Returns: nil when cancelled
  /// - Throws: `insufficientStorage` when the system refuses the memory.
  /// - Complexity: O(rows with a value × log rows) distances.
  static func build<Table: RowTable>(
    _ fields: [FieldRows], table: Table, vectors: VectorTable, distance: Distance,
    parameters: GraphParameters,
    previous: PreviousPart?, threads: Int, isCancelled: @escaping @Sendable () -> Bool
  ) throws(RequestError) -> [ValueGraph]? {
    var graphs: [ValueGraph] = []
    for field in fields where !field.values.isEmpty {
      var parameters = parameters
      parameters.m = field.m
      let links = try GraphLinks.unusedLists(m: parameters.m, count: table.count)
      var linked = Bitset(count: table.count)
      for value in field.values.prefix(FieldRows.valuesMax) {
        let members = value.rows.filter { !linked[Int($0)] }
        if members.isEmpty { continue }
        var rows = Bitset(count: table.count)
        for row in members { rows[Int(row)] = true }
        linked.formOr(rows)
        let older = previous?.older(field: field.field, value.term, rows, m: parameters.m)
        let builder = try GraphBuilder(
          table: table, vectors: vectors, distance: distance, parameters: parameters, older: older,
          members: members, links: links)
        guard let graph = builder.build(threads: threads, isCancelled: isCancelled) else { return nil }
        graphs.append(ValueGraph(field: field.field, term: value.term, rows: rows, graph: graph))
      }
    }
    return graphs
  }
}

extension PreviousPart {
  /// The links of a value's rows to take over; nil where there are none or too few that would last.
  fileprivate func older(field: String, _ term: [UInt8], _ members: Bitset, m: Int) -> OlderGraph? {
    guard let old = part.valueGraphs.first(where: { $0.field == field && $0.term == term }), old.graph.m == m
    else { return nil }
    var oldRows = [UInt32](repeating: Self.noRow, count: rows.count)
    var shared = 0
    members.forEachOne { row in
      let oldRow = rows[row]
      guard oldRow != Self.noRow, old.rows[Int(oldRow)] else { return }
      oldRows[row] = oldRow
      shared += 1
    }
    guard Self.isEnough(shared: shared, ofNew: members.onesCount, ofOld: old.cardinality) else { return nil }
    return OlderGraph(old.graph, oldRows: OldRows(oldRows, count: old.graph.count))
  }
}
