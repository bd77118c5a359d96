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
  package static let settingsBytesMax = 1 << 20

  /// Reads a settings file.
  ///
  /// - Throws: an error naming the path, and what is wrong with the file.
  package static func settingsFile(_ path: String) throws(SettingsError) -> SettingsFile {
    let bytes = try contents(of: path, bytesMax: settingsBytesMax)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw SettingsError("the file \"\(path)\" is not valid UTF-8")
    }
    return try SettingsFile(text: text, path: path)
  }

  /// The bytes of a file.
  ///
  /// - Throws: an error naming the path, and why it cannot be read or that it is too large.
  package static func contents(of path: String, bytesMax: Int) throws(SettingsError) -> [UInt8] {
    guard let file = unsafe fopen(path, "r") else {
      throw SettingsError("the file \"\(path)\" cannot be read: \(unsafe String(cString: strerror(errno)))")
    }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe fread(&part, 1, part.count, file)
      if count == 0 { break }
      bytes.append(contentsOf: part[..<count])
      guard bytes.count <= bytesMax else {
        throw SettingsError("the file \"\(path)\" is larger than the limit of \(bytesMax) bytes")
      }
    }
    guard unsafe ferror(file) == 0 else { throw SettingsError("the file \"\(path)\" cannot be read") }
    return bytes
  }
}
