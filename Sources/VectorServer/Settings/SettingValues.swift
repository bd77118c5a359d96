/// The text of each setting and where it comes from: a flag goes before the environment, that before the file.
package struct SettingValues: Sendable {
  private var values: [String: (text: String, origin: String)] = [:]

  /// Gathers the values of all settings.
  ///
  /// Variables `NEEDLETAIL_…` that no setting has are let be: Kubernetes makes such ones for a service's name.
  /// - Parameters:
  ///   - flags: text by the setting's key.
  ///   - environment: variables by their names; an empty one counts as absent.
  package init(
    flags: [String: String] = [:], environment: [String: String] = [:], file: SettingsFile? = nil
  ) {
    for setting in Setting.all {
      if let text = flags[setting.key] {
        values[setting.key] = (text, setting.flag)
      } else if let text = environment[setting.environmentName], !text.isEmpty {
        values[setting.key] = (text, setting.environmentName)
      } else if let file, let entry = file.entries.first(where: { $0.key == setting.key }),
        let text = entry.value
      {
        values[setting.key] = (text, "\(file.path) line \(entry.line)")
      } else if let text = setting.standard {
        values[setting.key] = (text, "default")
      }
    }
  }

  /// The text of a setting; nil where it is unset.
  package func text(_ setting: Setting) throws(SettingsError) -> String? {
    guard let value = values[setting.key] else { return nil }
    guard !value.text.isEmpty else { throw invalid(setting, "must not be empty") }
    if case .word(let words) = setting.kind, !words.contains(value.text) {
      throw invalid(setting, "must be one of \(words.joined(separator: ", "))")
    }
    return value.text
  }

  /// The number of a setting that has a default.
  package func integer(_ setting: Setting) throws(SettingsError) -> Int {
    guard case .integer(let range) = setting.kind, let value = values[setting.key] else {
      preconditionFailure("\(setting.key) is no integer with a default")
    }
    guard let number = Int(value.text) else {
      throw invalid(setting, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    guard range.contains(number) else {
      throw invalid(setting, "must be from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  package func boolean(_ setting: Setting) throws(SettingsError) -> Bool {
    switch values[setting.key]?.text {
    case "true": return true
    case "false", nil: return false
    case .some: throw invalid(setting, "must be true or false")
    }
  }

  /// A key: visible ASCII, so that it can stand in a header.
  package func secret(_ setting: Setting) throws(SettingsError) -> String? {
    guard let text = try text(setting) else { return nil }
    guard text.utf8.count <= Self.secretBytesMax else {
      throw invalid(setting, "has \(text.utf8.count) characters, the limit is \(Self.secretBytesMax)")
    }
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw invalid(setting, "may hold visible ASCII characters only")
    }
    return text
  }

  package static let secretBytesMax = 4096

  /// An error that names the setting, where its value is from, the value and what is wrong with it.
  package func invalid(_ setting: Setting, _ reason: String) -> SettingsError {
    guard let value = values[setting.key] else { return SettingsError("\(setting.key) \(reason)") }
    let shown = setting.kind == .secret ? "" : " \"\(value.text)\""
    return SettingsError("\(setting.key)\(shown) (\(value.origin)) \(reason)")
  }
}
