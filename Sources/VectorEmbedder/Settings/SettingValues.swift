/// The text of each setting: a flag goes before the environment, that before the file, that before the default.
package struct SettingValues: Sendable {
  private var values: [Setting: (text: String, origin: String)] = [:]

  /// - Parameters:
  ///   - flags: `key=value`, the later one wins.
  ///   - environment: variables by their names; an empty one counts as absent.
  ///   - file: the text of a settings file and its path.
  /// - Throws: for a key that no setting has, and for a value that does not fit, each by name and origin.
  package init(
    flags: [String] = [], environment: [String: String] = [:], file: (text: String, path: String)? = nil
  ) throws(SettingsError) {
    for setting in Setting.all {
      if let standard = setting.standard { values[setting] = (standard, "default") }
    }
    if let file { try read(file.text, path: file.path) }
    for setting in Setting.all {
      if let text = environment[setting.environmentName], !text.isEmpty {
        values[setting] = (text, setting.environmentName)
      }
    }
    for flag in flags {
      guard let equals = flag.firstIndex(of: "=") else {
        throw SettingsError("--set \(flag): expected key=value")
      }
      try set(String(flag[..<equals]), String(flag[flag.index(after: equals)...]), origin: "--set")
    }
    for (setting, value) in values { try check(setting, value) }
    // Whoever names certificates does not mean to send the key in the clear.
    for setting in [Setting.tlsTrustRoots, .tlsServerName] where !boolean(.tls) && values[setting] != nil {
      throw SettingsError("\(setting.key) is set, but tls is false")
    }
  }

  /// Reads a flat YAML mapping: `key: value` at the margin, one a line, and comments.
  private mutating func read(_ text: String, path: String) throws(SettingsError) {
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let place = "\(path) line \(index + 1)"
      guard let first = line.first(where: { !$0.isWhitespace }), first != "#", line != "---" else { continue }
      guard let colon = line.firstIndex(of: ":"), line.first == first else {
        throw SettingsError("\(place): expected `key: value` at the margin")
      }
      let rest = line[line.index(after: colon)...]
      guard rest.first ?? " " == " " else { throw SettingsError("\(place): a space must follow the colon") }
      if let value = try Self.scalar(rest.drop { $0 == " " }, place) {
        try set(String(line[..<colon]), value, origin: place)
      }
    }
  }

  /// A plain value up to a comment, or one in quotes; nil where nothing stands.
  private static func scalar(_ text: Substring, _ place: String) throws(SettingsError) -> String? {
    guard let quote = text.first, quote == "'" || quote == "\"" else {
      let end = text.indices.first { index in
        text[index] == "#" && (index == text.startIndex || text[text.index(before: index)] == " ")
      }
      var plain = text[..<(end ?? text.endIndex)]
      while plain.last?.isWhitespace == true { plain.removeLast() }
      return plain.isEmpty || plain == "null" ? nil : String(plain)
    }
    var value = ""
    var rest = text.dropFirst()
    while let character = rest.popFirst() {
      if character == quote {
        if quote == "'", rest.first == "'" {
          rest.removeFirst()
        } else {
          return value
        }
      } else if quote == "\"", character == "\\", let escaped = rest.popFirst() {
        value.append(escaped)
        continue
      }
      value.append(character)
    }
    throw SettingsError("\(place): the closing quote is missing")
  }

  private mutating func set(_ key: String, _ text: String, origin: String) throws(SettingsError) {
    guard let setting = Setting.all.first(where: { $0.key == key }) else {
      throw SettingsError("\(origin): there is no setting `\(key)`")
    }
    values[setting] = text.isEmpty ? nil : (text, origin)
  }

  private func check(_ setting: Setting, _ value: (text: String, origin: String)) throws(SettingsError) {
    let shown = setting.kind == .secret ? "" : " «\(value.text)»"
    func invalid(_ expected: String) -> SettingsError {
      SettingsError("\(setting.key)\(shown) (\(value.origin)) must be \(expected)")
    }
    switch setting.kind {
    case .text, .secret: break
    case .boolean:
      if value.text != "true", value.text != "false" { throw invalid("true or false") }
    case .integer(let range):
      guard let number = Int(value.text), range.contains(number) else {
        throw invalid("a whole number from \(range.lowerBound) to \(range.upperBound)")
      }
    case .fraction:
      guard let number = Double(value.text), (0...1).contains(number) else { throw invalid("from 0 to 1") }
    case .word(let words):
      if !words.contains(value.text) { throw invalid("one of \(words.joined(separator: ", "))") }
    case .words(let words):
      let named = Self.words(value.text)
      guard
        named == ["none"]
          || !named.isEmpty && Set(named).count == named.count && named.allSatisfy(words.contains)
      else { throw invalid("none, or some of \(words.joined(separator: ", ")), each once") }
    }
  }

  /// The text of a setting; nil where it is unset.
  package func optional(_ setting: Setting) -> String? { values[setting]?.text }

  func text(_ setting: Setting) throws(SettingsError) -> String {
    guard let text = optional(setting) else { throw SettingsError("\(setting.key) is not set") }
    return text
  }

  /// The words of a list; none of them for `none`.
  func words(_ setting: Setting) throws(SettingsError) -> [String] {
    let words = Self.words(try text(setting))
    return words == ["none"] ? [] : words
  }

  private static func words(_ text: String) -> [String] {
    text.split { $0 == "," || $0.isWhitespace }.map(String.init)
  }

  func integer(_ setting: Setting) throws(SettingsError) -> Int {
    guard let number = Int(try text(setting)) else { throw SettingsError("\(setting.key) is no number") }
    return number
  }

  func boolean(_ setting: Setting) -> Bool { optional(setting) == "true" }

  func fraction(_ setting: Setting) throws(SettingsError) -> Double {
    guard let number = Double(try text(setting)) else { throw SettingsError("\(setting.key) is no number") }
    return number
  }

  func seconds(_ setting: Setting) throws(SettingsError) -> Duration { .seconds(try integer(setting)) }
}
