/// A settings file: a flat YAML mapping of keys to scalars, with comments.
///
/// A subset of YAML on purpose: it needs no library, and every mistake is named with its line. Nested
/// mappings, lists, anchors, tags and block scalars are refused.
package struct SettingsFile: Equatable, Sendable {
  package struct Entry: Equatable, Sendable {
    package var key: String
    /// Absent for an empty value, `null` or `~`.
    package var value: String?
    package var line: Int
  }

  package var path: String
  package var entries: [Entry]

  /// Reads `text`; `path` is only for messages.
  ///
  /// - Throws: an error naming path, line and what is wrong there, also for a key that no setting has.
  package init(text: String, path: String) throws(SettingsError) {
    self.path = path
    entries = []
    // A carriage return and the line feed behind it are one character.
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    for (index, line) in lines.enumerated() {
      guard let entry = try Self.entry(line, "\(path) line \(index + 1)", index + 1) else {
        continue
      }
      guard Setting.all.contains(where: { $0.key == entry.key }) else {
        throw SettingsError("\(path) line \(entry.line): there is no setting `\(entry.key)`")
      }
      if let earlier = entries.first(where: { $0.key == entry.key }) {
        throw SettingsError(
          "\(path) line \(entry.line): `\(entry.key)` stands on line \(earlier.line) already")
      }
      entries.append(entry)
    }
  }

  private static func entry(
    _ line: Substring, _ place: String, _ number: Int
  ) throws(SettingsError) -> Entry? {
    let content = line.drop { $0 == " " || $0 == "\t" }
    if content.isEmpty || content.first == "#" || line == "---" { return nil }
    guard content.startIndex == line.startIndex else {
      throw SettingsError("\(place): an indented line; settings stand at the margin, one a line")
    }
    let key = content.prefix { $0.isASCII && ($0.isLowercase || $0 == "_" || $0.isNumber) }
    let rest = content.dropFirst(key.count).drop { $0 == " " }
    guard !key.isEmpty, rest.first == ":" else { throw SettingsError("\(place): expected `key: value`") }
    let value = rest.dropFirst()
    guard value.isEmpty || value.first == " " || value.first == "\t" else {
      throw SettingsError("\(place): a space must follow the colon behind `\(key)`")
    }
    return Entry(
      key: String(key), value: try scalar(value.drop { $0 == " " || $0 == "\t" }, place), line: number)
  }

  private static func scalar(_ text: Substring, _ place: String) throws(SettingsError) -> String? {
    switch text.first {
    case nil, "#": return nil
    case "\"", "'": return try quoted(text, place)
    case .some(let first):
      let isListItem = first == "-" && (text.dropFirst().first ?? " ") == " "
      guard !"[{&*!|>%@`".contains(first), !isListItem else {
        throw SettingsError("\(place): only plain and quoted values are read, not \"\(text)\"")
      }
    }
    var plain = text
    var previous: Character = "x"
    for index in text.indices {
      if text[index] == "#", previous == " " || previous == "\t" {
        plain = text[..<index]
        break
      }
      previous = text[index]
    }
    while plain.last == " " || plain.last == "\t" { plain = plain.dropLast() }
    return plain == "null" || plain == "~" ? nil : String(plain)
  }

  /// A value in single quotes, where two make one, or in double quotes with `\"` and `\\`.
  private static func quoted(_ text: Substring, _ place: String) throws(SettingsError) -> String {
    let quote: Character = text.first == "'" ? "'" : "\""
    var value = ""
    var rest = text.dropFirst()
    while let character = rest.popFirst() {
      if character == quote {
        if quote == "'", rest.first == "'" {
          value.append("'")
          rest.removeFirst()
          continue
        }
        let trailing = rest.drop { $0 == " " || $0 == "\t" }
        guard trailing.isEmpty || (trailing.first == "#" && trailing.startIndex != rest.startIndex) else {
          throw SettingsError("\(place): \"\(trailing)\" behind the closing quote")
        }
        return value
      }
      if quote == "\"", character == "\\" {
        guard let escaped = rest.popFirst(), escaped == "\"" || escaped == "\\" else {
          throw SettingsError("\(place): only \\\" and \\\\ may follow a backslash in double quotes")
        }
        value.append(escaped)
        continue
      }
      value.append(character)
    }
    throw SettingsError("\(place): the closing quote is missing")
  }
}

/// Why the server does not start with the settings it was given.
package struct SettingsError: Error, Equatable, CustomStringConvertible, Sendable {
  package var message: String

  package init(_ message: String) { self.message = message }

  package var description: String { message }
}
