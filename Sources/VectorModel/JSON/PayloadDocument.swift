/// Edits on a payload's bytes: what an edit does not touch keeps the bytes that the client sent.
///
/// All functions are pure. Documents and patches are JSON objects; an empty document stands for `{}`. A repeated key
/// counts as its last value, and an edit of its object leaves one of it.
///
/// - Throws: each function throws status 400 where a document is not valid JSON, and only then.
package enum PayloadDocument {
  /// Lays the top-level keys of `patch` over `document`; a null in the patch removes the key.
  ///
  /// - Complexity: linear in both sizes.
  package static func merging(
    _ patch: [UInt8], into document: [UInt8]
  ) throws(RequestError) -> [UInt8] {
    var changes: [[UInt8]: [UInt8]] = [:]
    let additions = try members(of: patch)
    for member in additions { changes[member.key] = member.value }
    var output = ObjectText()
    for member in try members(of: document) {
      guard let change = changes.removeValue(forKey: member.key) else {
        output.append(member.keyText, member.value)
        continue
      }
      if change != null { output.append(member.keyText, change) }
    }
    for member in additions where member.value != null && changes[member.key] != nil {
      output.append(member.keyText, member.value)
    }
    return output.finished()
  }

  /// Lays the keys of `patch` over the object at `path`.
  ///
  /// What is missing on the way is made: objects for keys, arrays filled up with null for an index; `[]` takes the
  /// elements that there are. A value of another kind in the way is replaced.
  /// - Complexity: linear in both sizes times the number of segments.
  package static func merging(
    _ patch: [UInt8], into document: [UInt8], at path: PayloadPath
  ) throws(RequestError) -> [UInt8] {
    try merging(patch, into: document, at: path.segments[...])
  }

  /// Removes what stands at each of `paths`, one after the other: a member, an element, or with a final `[]` all
  /// elements of an array. A path that leads nowhere changes nothing.
  ///
  /// - Complexity: linear in the size times the number of segments of all paths.
  package static func removing(
    _ paths: [PayloadPath], from document: [UInt8]
  ) throws(RequestError) -> [UInt8] {
    var result = document
    for path in paths { result = try removing(path.segments[...], from: result) }
    return result
  }
}

// MARK: - Limits of an edit

extension PayloadDocument {
  /// The largest sum of the indices in a path that a patch may be laid at; missing elements below them become null.
  package static let indexSumMax = 65_535

  /// Checks before an edit what does not depend on the document: that it fills up no more than `indexSumMax`
  /// elements, and that the result nests no deeper than the reader allows.
  ///
  /// - Throws: status 400 naming the path and the limit.
  package static func checkMerge(_ patch: [UInt8], at path: PayloadPath) throws(RequestError) {
    var indexSum = 0
    for case .index(let index) in path.segments {
      let (sum, overflow) = indexSum.addingReportingOverflow(index)
      guard !overflow, sum <= indexSumMax else {
        throw .badRequest("the indices of payload path \(path) exceed the limit of \(indexSumMax)")
      }
      indexSum = sum
    }
    let levels = JSONReader.depthMaxDefault - path.segments.count
    guard levels > 0 else {
      throw .badRequest(
        "payload path of \(path.segments.count) segments exceeds the limit of \(JSONReader.depthMaxDefault) levels"
      )
    }
    try JSONReader.read(patch, depthMax: levels) { (reader) throws(RequestError) in try reader.skipValue() }
  }
}

// MARK: - Walking down a path

extension PayloadDocument {
  private typealias Path = ArraySlice<PayloadPath.Segment>

  private static func merging(
    _ patch: [UInt8], into value: [UInt8], at path: Path
  ) throws(RequestError) -> [UInt8] {
    guard let segment = path.first else {
      return try merging(patch, into: kind(value) == UInt8(ascii: "{") ? value : [])
    }
    let rest = path.dropFirst()
    switch segment {
    case .key(let name):
      let key = Array(name.utf8)
      var output = ObjectText()
      var isMissing = true
      for member in try members(of: kind(value) == UInt8(ascii: "{") ? value : []) {
        let isMeant = member.key == key
        if isMeant { isMissing = false }
        output.append(
          member.keyText, isMeant ? try merging(patch, into: member.value, at: rest) : member.value)
      }
      if isMissing { output.append(quoted(name), try merging(patch, into: null, at: rest)) }
      return output.finished()
    case .index(let index):
      var elements = try elements(of: value) ?? []
      if index >= elements.count {
        elements += Array(repeating: null, count: index - elements.count + 1)
      }
      elements[index] = try merging(patch, into: elements[index], at: rest)
      return array(elements)
    case .all:
      var elements = try elements(of: value) ?? []
      for index in elements.indices { elements[index] = try merging(patch, into: elements[index], at: rest) }
      return array(elements)
    }
  }

  private static func removing(_ path: Path, from value: [UInt8]) throws(RequestError) -> [UInt8] {
    guard let segment = path.first else { return value }
    let rest = path.dropFirst()
    switch segment {
    case .key(let name):
      let key = Array(name.utf8)
      guard kind(value) == UInt8(ascii: "{") else { return value }
      let members = try members(of: value)
      guard members.contains(where: { $0.key == key }) else { return value }
      var output = ObjectText()
      for member in members where member.key != key || !rest.isEmpty {
        output.append(
          member.keyText, member.key == key ? try removing(rest, from: member.value) : member.value)
      }
      return output.finished()
    case .index(let index):
      guard var elements = try elements(of: value), index < elements.count else { return value }
      if rest.isEmpty {
        elements.remove(at: index)
      } else {
        elements[index] = try removing(rest, from: elements[index])
      }
      return array(elements)
    case .all:
      guard var elements = try elements(of: value) else { return value }
      if rest.isEmpty { return array([]) }
      for index in elements.indices { elements[index] = try removing(rest, from: elements[index]) }
      return array(elements)
    }
  }
}

// MARK: - Choosing what an answer carries

extension PayloadDocument {
  /// The part of `document` that `selection` names; nil for none.
  ///
  /// A path selects what it leads to, with the objects and arrays on the way. Only `[]` and indices lead into arrays.
  /// - Complexity: linear in the size times the number of paths.
  package static func selecting(
    _ selection: PayloadSelection, from document: [UInt8]
  ) throws(RequestError) -> [UInt8]? {
    switch selection {
    case .none: return nil
    case .all: return document.isEmpty ? Array("{}".utf8) : document
    case .include(let paths):
      return try filtering(document.isEmpty ? Array("{}".utf8) : document, paths.map { $0.segments[...] }) {
        (remainders) in
        if remainders.isEmpty { return .drop }
        return remainders.contains(where: \.isEmpty) ? .keep : .descend
      }
    case .exclude(let paths):
      return try filtering(document.isEmpty ? Array("{}".utf8) : document, paths.map { $0.segments[...] }) {
        (remainders) in
        if remainders.isEmpty { return .keep }
        return remainders.contains(where: \.isEmpty) ? .drop : .descend
      }
    }
  }

  /// The values at a path that are neither objects nor arrays, those inside of objects and arrays there too, in
  /// the document's order.
  /// - Complexity: linear in the size.
  package static func leaves(at path: PayloadPath, in document: [UInt8]) throws(RequestError) -> [JSONValue] {
    guard !document.isEmpty, let selected = try selecting(.include([path]), from: document) else { return [] }
    return try JSONValue(parsing: selected).leaves
  }

  private enum Verdict { case keep, drop, descend }

  /// Rebuilds `value` from the children that `judge` keeps; it gets what remains of the paths that lead to the child.
  private static func filtering(
    _ value: [UInt8], _ paths: [Path], _ judge: ([Path]) -> Verdict
  ) throws(RequestError) -> [UInt8] {
    func child(_ value: [UInt8], _ leadsThere: (PayloadPath.Segment) -> Bool) throws(RequestError) -> [UInt8]?
    {
      let remainders = paths.filter { $0.first.map(leadsThere) ?? false }.map { $0.dropFirst() }
      switch judge(remainders) {
      case .keep: return value
      case .drop: return nil
      case .descend: return try filtering(value, remainders, judge)
      }
    }
    if kind(value) == UInt8(ascii: "{") {
      var output = ObjectText()
      for member in try members(of: value) {
        let kept = try child(member.value) { segment in
          if case .key(let name) = segment { name.utf8.elementsEqual(member.key) } else { false }
        }
        if let kept { output.append(member.keyText, kept) }
      }
      return output.finished()
    }
    guard let elements = try elements(of: value) else { return value }
    var kept: [[UInt8]] = []
    for (index, element) in elements.enumerated() {
      if let element = try child(element, { $0 == .all || $0 == .index(index) }) { kept.append(element) }
    }
    return array(kept)
  }
}

// MARK: - One level of a document

extension PayloadDocument {
  private struct Member {
    /// The key as UTF-8 without its escapes: keys are the same when their bytes are.
    var key: [UInt8]
    /// The key as it stands in the text, in quotes.
    var keyText: [UInt8]
    var value: [UInt8]
  }

  private static let null = Array("null".utf8)

  /// The first byte of a value that has no white space before it; 0 for an empty document.
  private static func kind(_ value: [UInt8]) -> UInt8 {
    value.first { $0 > 0x20 } ?? 0
  }

  /// An object's members; a repeated key stands at its first place with its last value.
  private static func members(of object: [UInt8]) throws(RequestError) -> [Member] {
    if object.isEmpty { return [] }
    var members: [Member] = []
    var places: [[UInt8]: Int] = [:]
    try JSONReader.read(object) { (reader) throws(RequestError) in
      try reader.openObject()
      while let (name, keyText) = try reader.nextKeyText() {
        let key = Array(name.utf8)
        let value = try reader.readRaw()
        if let place = places[key] {
          members[place].value = value
        } else {
          places[key] = members.count
          members.append(Member(key: key, keyText: keyText, value: value))
        }
      }
    }
    return members
  }

  /// An array's elements; nil for any other value.
  private static func elements(of value: [UInt8]) throws(RequestError) -> [[UInt8]]? {
    guard kind(value) == UInt8(ascii: "[") else { return nil }
    return try JSONReader.read(value) { (reader) throws(RequestError) in
      try reader.readList { (reader) throws(RequestError) in try reader.readRaw() }
    }
  }

  private static func array(_ elements: [[UInt8]]) -> [UInt8] {
    [UInt8(ascii: "[")] + elements.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
  }

  private static func quoted(_ key: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.string(key)
    return writer.bytes
  }

  /// An object's text while its members are collected.
  private struct ObjectText {
    private var bytes = [UInt8(ascii: "{")]

    mutating func append(_ key: [UInt8], _ value: [UInt8]) {
      if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
      bytes += key
      bytes.append(UInt8(ascii: ":"))
      bytes += value
    }

    func finished() -> [UInt8] { bytes + [UInt8(ascii: "}")] }
  }
}

extension JSONValue {
  fileprivate var leaves: [JSONValue] {
    switch self {
    case .array(let elements): elements.flatMap(\.leaves)
    case .object(let members): members.flatMap(\.value.leaves)
    default: [self]
    }
  }
}
