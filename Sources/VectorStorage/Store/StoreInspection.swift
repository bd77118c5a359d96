/// Checks an LMDB file page by page without LMDB, which trusts what it reads and may end the process over it.
///
/// Every page is read with bounds, every tree is walked once: page numbers, flags, nodes, order of keys, depths,
/// counts, pages that are used twice or are used and free, and every value's checksum. The store must not be open
/// for writing meanwhile.
package struct StoreInspection {
  private let path: String
  private let file: any File
  private let meta: StoreMeta
  /// Pages that a tree or the list of free pages has.
  private var seen: [UInt64]
  private var report = StoreReport()

  private enum KeyOrder {
    case number
    case bytes
  }

  private struct Counts {
    var branchPages: UInt64 = 0
    var leafPages: UInt64 = 0
    var overflowPages: UInt64 = 0
    var entries: UInt64 = 0
  }

  /// The trees' keys lie between bounds that the branches above give.
  private struct Place {
    let page: UInt64
    /// 1 for the root.
    let level: Int
    let lower: [UInt8]?
    let upper: [UInt8]?
  }

  /// Reads the whole file of a store.
  /// - Throws: `missing` or what keeps the file from being read; all damage is in the report.
  /// - Complexity: O(bytes of the file); memory for a page, a value, and a bit a page.
  package static func run(_ fileSystem: any FileSystem, path: String) throws(StorageError) -> StoreReport {
    guard try fileSystem.kind(of: path) == .file else {
      throw .missing(file: path, what: "the collection's store")
    }
    let file = try fileSystem.open(path, .read)
    var inspection: StoreInspection
    do throws(StorageError) {
      inspection = try StoreInspection(file)
    } catch {
      guard error.isDamage else { throw error }
      var report = StoreReport()
      report.add(error)
      return report
    }
    try inspection.walk()
    return inspection.report
  }

  private init(_ file: any File) throws(StorageError) {
    self.file = file
    path = file.path
    meta = try StoreMeta.newest(file)
    let fileByteCount = try file.byteCount()
    guard meta.lastPage / 2 <= fileByteCount / UInt64(meta.pageByteCount) + (1 << 18) else {
      throw .damaged(file: path, offset: fileByteCount, what: "the file ends before page \(meta.lastPage)")
    }
    seen = [UInt64](repeating: 0, count: Int(meta.lastPage / 64) + 1)
    seen[0] = 3
  }

  private mutating func walk() throws(StorageError) {
    var tables: [StoreTable: StoreMeta.Tree] = [:]
    try walk(meta.tables, "of tables", .bytes) { (inspection, key, data, flags) in
      let table = StoreTable.allCases.first { Array($0.name.utf8) == key }
      guard let table, flags == StorePage.tableFlag, data.count == StoreMeta.Tree.byteCount else {
        return "an entry of the list of tables is none of a store's"
      }
      let tree = StoreMeta.Tree(data.span, at: 0)
      guard tree.isPlausible(lastPage: inspection.meta.lastPage), tree.flags == (table.hasNumberKeys ? 8 : 0)
      else {
        return "the record of the table \(table.name) is malformed"
      }
      tables[table] = tree
      return nil
    }
    for table in StoreTable.allCases {
      guard let tree = tables[table] else {
        report.add(.damaged(file: path, offset: nil, what: "its table \(table.name) is missing"))
        continue
      }
      try walk(tree, table.name, table.hasNumberKeys ? .number : .bytes) { (inspection, key, data, flags) in
        guard flags & StorePage.tableFlag == 0 else { return "an entry is marked as a table" }
        do throws(StorageError) {
          try inspection.check(table, key, data)
          return nil
        } catch {
          inspection.report.add(error)
          return nil
        }
      }
    }
    try walk(meta.free, "of free pages", .number) { (inspection, _, data, _) in inspection.addFree(data) }
    try requireFreePagesBehindTheEnd()
  }

  /// LMDB does not write free pages at the end of the file; any other page must be there.
  private mutating func requireFreePagesBehindTheEnd() throws(StorageError) {
    let fileByteCount = try file.byteCount()
    for page in stride(from: fileByteCount / UInt64(meta.pageByteCount), through: meta.lastPage, by: 1)
    where seen[Int(page / 64)] & 1 << (page % 64) == 0 {
      report.add(
        .damaged(
          file: path, offset: fileByteCount,
          what: "the file ends here, its meta page says that page \(meta.lastPage) is the last"))
      return
    }
  }

  /// Walks one tree and compares it with its record.
  private mutating func walk(
    _ tree: StoreMeta.Tree, _ name: String, _ order: KeyOrder,
    _ entry: (inout StoreInspection, _ key: [UInt8], _ data: [UInt8], _ flags: UInt16) -> String?
  ) throws(StorageError) {
    guard let root = tree.root else { return }
    var counts = Counts()
    var places = [Place(page: root, level: 1, lower: nil, upper: nil)]
    let defectsBefore = report.defectCount
    while let place = places.popLast() {
      guard let page = try treePage(place, tree, name, order) else { continue }
      if page.isLeaf {
        counts.leafPages += 1
        for node in page.nodes {
          counts.entries += 1
          guard let data = try data(of: node, place.page, &counts) else { continue }
          if let defect = entry(&self, node.key, data, node.flags) {
            add(place.page, "tree \(name): \(defect)")
          }
        }
      } else {
        counts.branchPages += 1
        for (index, node) in page.nodes.enumerated() {
          let upper = index + 1 < page.nodes.count ? page.nodes[index + 1].key : place.upper
          places.append(
            Place(
              page: node.child ?? 0, level: place.level + 1, lower: index == 0 ? place.lower : node.key,
              upper: upper))
        }
      }
    }
    // With a page missing the counts are wrong of necessity.
    guard report.defectCount == defectsBefore else { return }
    if counts.branchPages != tree.branchPageCount || counts.leafPages != tree.leafPageCount
      || counts.overflowPages != tree.overflowPageCount || counts.entries != tree.entryCount
    {
      report.add(
        .damaged(file: path, offset: nil, what: "the counts of the tree \(name) do not match its pages"))
    }
  }

  /// Reads a page of a tree and checks its kind and its keys; adds a defect and returns nil when it is wrong.
  private mutating func treePage(
    _ place: Place, _ tree: StoreMeta.Tree, _ name: String, _ order: KeyOrder
  ) throws(StorageError) -> StorePage? {
    guard take(place.page, 1) else {
      add(place.page, "the page is used twice or is none, in the tree \(name)")
      return nil
    }
    let bytes = try file.readBytes(count: meta.pageByteCount, at: place.page * UInt64(meta.pageByteCount))
    guard bytes.count == meta.pageByteCount, let page = StorePage(bytes, number: place.page) else {
      add(place.page, "the page is malformed or is another one, in the tree \(name)")
      return nil
    }
    guard page.isLeaf == (place.level == Int(tree.depth)), !page.nodes.isEmpty
    else {
      add(place.page, "the page is at the wrong depth, in the tree \(name)")
      return nil
    }
    var lower = place.lower
    for (index, node) in page.nodes.enumerated() where page.isLeaf || index > 0 {
      let isFirst = page.isLeaf ? index == 0 : index == 1
      guard order == .bytes || node.key.count == 8,
        lower.map({ isFirst ? !Self.precedes(node.key, $0, order) : Self.precedes($0, node.key, order) })
          ?? true,
        place.upper.map({ Self.precedes(node.key, $0, order) }) ?? true
      else {
        add(place.page, "the keys are out of order, in the tree \(name)")
        return nil
      }
      lower = node.key
    }
    return page
  }

  /// A node's data, read from its own pages where it has some.
  private mutating func data(
    of node: StorePage.Node, _ page: UInt64, _ counts: inout Counts
  ) throws(StorageError) -> [UInt8]? {
    if let data = node.data { return data }
    guard let first = node.overflowPage else { return nil }
    let byteCount = StorePage.headerByteCount + node.dataByteCount
    let pageCount = UInt64((byteCount + meta.pageByteCount - 1) / meta.pageByteCount)
    guard take(first, pageCount) else {
      add(page, "the value's pages are used twice or are none")
      return nil
    }
    let bytes = try file.readBytes(count: byteCount, at: first * UInt64(meta.pageByteCount))
    guard bytes.count == byteCount, StorePage.overflowPageCount(bytes.span, number: first) == pageCount else {
      add(first, "the pages of a value are malformed")
      return nil
    }
    counts.overflowPages += pageCount
    return Array(bytes[StorePage.headerByteCount...])
  }

  private mutating func check(_ table: StoreTable, _ key: [UInt8], _ value: [UInt8]) throws(StorageError) {
    switch table {
    case .ids: _ = try StoreValue.number(value.span, key: key.span, file: path)
    case .meta: try StoreValue.contents(value.span, table, key: key.span, file: path) { _ in }
    case .points:
      try StoreValue.point(value.span, number: key.span.loadNative(at: 0), file: path) { (_, _, _) in }
      report.pointCount += 1
    case .vectors:
      try StoreValue.contents(value.span, table, number: key.span.loadNative(at: 0), file: path) { _ in }
    }
    report.byteCount += UInt64(value.count)
  }

  /// Takes a list of free pages: a count, then that many pages in descending order.
  private mutating func addFree(_ list: [UInt8]) -> String? {
    guard list.count >= 8, list.count % 8 == 0 else { return "a list of free pages has \(list.count) bytes" }
    let count = list.span.loadNative(at: 0)
    guard count < UInt64(list.count / 8) else { return "a list of free pages is shorter than it says" }
    var last = UInt64.max
    for index in 0..<Int(count) {
      let page = list.span.loadNative(at: 8 * (index + 1))
      guard page < last else { return "a list of free pages is out of order" }
      last = page
      guard take(page, 1) else { return "the free page \(page) is in use, free twice or none" }
    }
    return nil
  }

  /// Marks pages as taken; false when one is taken already or is none of the file.
  private mutating func take(_ first: UInt64, _ count: UInt64) -> Bool {
    guard first >= 2, count <= meta.lastPage, first <= meta.lastPage, first + count - 1 <= meta.lastPage
    else {
      return false
    }
    for page in first..<(first + count) {
      let (word, bit) = (Int(page / 64), UInt64(1) << (page % 64))
      guard seen[word] & bit == 0 else { return false }
      seen[word] |= bit
    }
    return true
  }

  private mutating func add(_ page: UInt64, _ what: String) {
    let (offset, overflow) = page.multipliedReportingOverflow(by: UInt64(meta.pageByteCount))
    report.add(.damaged(file: path, offset: overflow ? nil : offset, what: what))
  }

  private static func precedes(_ left: [UInt8], _ right: [UInt8], _ order: KeyOrder) -> Bool {
    switch order {
    case .number where left.count == 8 && right.count == 8:
      left.span.loadNative(at: 0) < right.span.loadNative(at: 0)
    default: left.lexicographicallyPrecedes(right)
    }
  }
}
