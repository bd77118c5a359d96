import VectorModel

/// What a manifest says about one video.
package struct ManifestEntry: Sendable, Equatable {
  package var path: String
  package var title: String?
  package var transcript: String?
  /// Overrides what is detected.
  package var language: String?
  package var tags: [String] = []

  package init(path: String) { self.path = path }

  /// What of it goes into the point, for telling whether the point is still right.
  var fingerprint: String { "\(title ?? "")|\(transcript ?? "")|\(language ?? "")|\(tags)" }
}

/// Reads lists of videos: CSV (RFC 4180, with a line of names) or one JSON object a line.
package enum Manifest {
  /// Larger manifests are refused.
  package static let bytesMax = 256 << 20

  /// The entries of a file; relative paths are taken from its directory.
  ///
  /// - Throws: an error with the line of what does not fit.
  package static func entries(ofFile path: String) throws(StageError) -> [ManifestEntry] {
    let text = try Files.text(at: path, stage: .read, byteCountMax: bytesMax)
    let entries =
      path.lowercased().hasSuffix(".csv") ? try entries(csv: text) : try entries(jsonLines: text)
    let directory = path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]) : "."
    return entries.map { entry in
      var entry = entry
      if !entry.path.hasPrefix("/") { entry.path = directory + "/" + entry.path }
      return entry
    }
  }

  static func entries(jsonLines text: String) throws(StageError) -> [ManifestEntry] {
    var entries: [ManifestEntry] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    where !line.allSatisfy(\.isWhitespace) {
      let value: JSONValue
      do {
        value = try JSONValue(parsing: Array(line.utf8))
      } catch {
        throw StageError(.read, "manifest line \(index + 1): \(error.message)")
      }
      let tags = value["tags"]?.elements?.compactMap(\.text) ?? value["tags"]?.text.map(tags) ?? []
      entries.append(
        try entry(line: index + 1, tags: tags) { value[$0]?.text })
    }
    return entries
  }

  static func entries(csv text: String) throws(StageError) -> [ManifestEntry] {
    let rows = try rows(csv: text)
    guard let names = rows.first?.fields.map({ $0.lowercased() }) else { return [] }
    guard names.contains("path") else {
      throw StageError(.read, "the manifest's first line names no column `path`")
    }
    var entries: [ManifestEntry] = []
    for row in rows.dropFirst() where row.fields != [""] {
      guard row.fields.count == names.count else {
        throw StageError(
          .read, "manifest line \(row.line) has \(row.fields.count) fields, the first has \(names.count)")
      }
      func field(_ name: String) -> String? { names.firstIndex(of: name).map { row.fields[$0] } }
      entries.append(try entry(line: row.line, tags: field("tags").map(tags) ?? [], field))
    }
    return entries
  }

  private static func entry(
    line: Int, tags: [String], _ field: (String) -> String?
  ) throws(StageError) -> ManifestEntry {
    func present(_ name: String) -> String? { field(name).flatMap { $0.isEmpty ? nil : $0 } }
    guard let path = present("path") else { throw StageError(.read, "manifest line \(line) has no path") }
    var entry = ManifestEntry(path: path)
    entry.title = present("title")
    entry.transcript = present("transcript")
    entry.language = present("language").map(LanguageDetector.normalized)
    entry.tags = tags
    return entry
  }

  private static func tags(_ text: String) -> [String] {
    text.split { $0 == ";" || $0 == "," || $0 == "|" }
      .map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }.filter { !$0.isEmpty }
  }

  /// Fields in quotes may hold commas, line breaks and doubled quotes.
  static func rows(csv text: String) throws(StageError) -> [(line: Int, fields: [String])] {
    var rows: [(line: Int, fields: [String])] = []
    var fields: [String] = []
    var field = ""
    var isQuoted = false
    var line = 1
    var rowLine = 1
    var rest = text[...]
    func closeRow() {
      fields.append(field)
      rows.append((rowLine, fields))
      fields = []
      field = ""
      rowLine = line
    }
    while let character = rest.popFirst() {
      if character.isNewline { line += 1 }
      if isQuoted {
        if character != "\"" {
          field.append(character)
        } else if rest.first == "\"" {
          field.append(rest.removeFirst())
        } else {
          isQuoted = false
        }
      } else if character == "\"" {
        isQuoted = true
      } else if character == "," {
        fields.append(field)
        field = ""
      } else if character.isNewline {
        closeRow()
      } else {
        field.append(character)
      }
    }
    guard !isQuoted else { throw StageError(.read, "manifest line \(rowLine): a quote is not closed") }
    if !field.isEmpty || !fields.isEmpty { closeRow() }
    return rows
  }
}
