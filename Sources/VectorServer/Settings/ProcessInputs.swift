#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What this process was given from outside: variables and a settings file.
package enum ProcessInputs {
  /// The values of the variables of all settings.
  package static func environment() -> [String: String] {
    var values: [String: String] = [:]
    for setting in Setting.all { values[setting.environmentName] = variable(setting.environmentName) }
    return values
  }

  /// The value of one variable; nil where it is unset.
  package static func variable(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }

  /// The largest settings file.
  package static let fileBytesMax = 1 << 20

  /// Reads a settings file.
  ///
  /// - Throws: an error naming the path, and what is wrong with the file.
  package static func settingsFile(_ path: String) throws(SettingsError) -> SettingsFile {
    guard let file = unsafe fopen(path, "r") else {
      throw SettingsError(
        "the settings file \"\(path)\" cannot be read: \(unsafe String(cString: strerror(errno)))")
    }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: fileBytesMax + 1)
    let count = unsafe fread(&bytes, 1, bytes.count, file)
    guard unsafe ferror(file) == 0 else {
      throw SettingsError("the settings file \"\(path)\" cannot be read")
    }
    guard count <= fileBytesMax else {
      throw SettingsError("the settings file \"\(path)\" is larger than the limit of \(fileBytesMax) bytes")
    }
    guard let text = String(validating: bytes[..<count], as: UTF8.self) else {
      throw SettingsError("the settings file \"\(path)\" is not valid UTF-8")
    }
    return try SettingsFile(text: text, path: path)
  }
}
