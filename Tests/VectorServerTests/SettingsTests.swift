import NIOCore
import Testing

@testable import VectorServer

@Suite("Settings")
struct SettingsTests {
  private func settings(
    flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil
  ) throws -> ServerSettings {
    try ServerSettings(
      SettingValues(
        flags: flags, environment: environment,
        file: try file.map { text throws(SettingsError) in try SettingsFile(text: text, path: "n.yaml") }))
  }

  private func message(_ body: () throws -> ServerSettings) -> String? {
    do {
      _ = try body()
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func theDefaultsAreThoseOfTheDocumentation() throws {
    let settings = try settings()
    #expect(settings.host == "127.0.0.1")
    #expect(settings.httpPort == 6333)
    #expect(settings.binaryPort == 6335)
    #expect(settings.engine.dataDirectory == "./needletail-data")
    #expect(settings.limits.bodyBytesMax == 32 << 20)
    #expect(settings.limits.connectionsMax == 1024)
    #expect(settings.tls == nil)
    #expect(!settings.keys.areDemanded)
    #expect(settings.engine.searchThreads > 0)
  }

  @Test func aFlagGoesBeforeTheEnvironmentAndThatBeforeTheFile() throws {
    let file = "http_port: 1\n"
    #expect(try settings(file: file).httpPort == 1)
    #expect(try settings(environment: ["NEEDLETAIL_HTTP_PORT": "2"], file: file).httpPort == 2)
    #expect(
      try settings(flags: ["http_port": "3"], environment: ["NEEDLETAIL_HTTP_PORT": "2"], file: file).httpPort
        == 3)
    #expect(
      try settings(environment: ["NEEDLETAIL_HTTP_PORT": ""], file: file).httpPort == 1, "empty is absent")
    #expect(
      try settings(environment: ["NEEDLETAIL_PORT": "tcp://x"]).httpPort == 6333, "not a setting of ours")
  }

  @Test func everySettingHasAKeyAFlagAndAVariable() {
    #expect(Setting.httpPort.flag == "--http-port")
    #expect(Setting.readOnlyAPIKey.environmentName == "NEEDLETAIL_READ_ONLY_API_KEY")
    #expect(Set(Setting.all.map(\.key)).count == Setting.all.count)
    for setting in Setting.all {
      #expect(setting.key.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F })
    }
  }

  @Test func rangesAreCheckedAndNamed() throws {
    let tooLarge = message { try settings(environment: ["NEEDLETAIL_HTTP_PORT": "65536"]) }
    #expect(tooLarge == #"http_port "65536" (NEEDLETAIL_HTTP_PORT) must be from 0 to 65535"#)
    let noNumber = message { try settings(flags: ["connections_max": "many"]) }
    #expect(
      noNumber == #"connections_max "many" (--connections-max) must be a whole number from 1 to 1000000"#)
    let inFile = message { try settings(file: "\nlog_level: loud\n") }
    #expect(inFile?.hasPrefix(#"log_level "loud" (n.yaml line 2) must be one of trace, "#) == true)
    #expect(
      message { try settings(flags: ["allow_remote_without_key": "1"]) }?.contains("true or false") == true)
    let bodies = message { try settings(flags: ["body_megabytes_max": "100", "bodies_megabytes_max": "99"]) }
    #expect(bodies?.contains("must be at least body_megabytes_max, which is 100") == true)
  }

  @Test func strangersAreKeptOutUnlessTheyMayComeIn() throws {
    for host in ["0.0.0.0", "::", "192.168.1.7", "example.com", "128.0.0.1"] {
      let refusal = message { try settings(flags: ["host": host]) }
      #expect(refusal?.contains("--allow-remote-without-key") == true, "\(host)")
      #expect(try settings(flags: ["host": host, "api_key": "k"]).host == host)
      #expect(try settings(flags: ["host": host, "read_only_api_key": "k"]).host == host)
      #expect(try settings(flags: ["host": host, "allow_remote_without_key": "true"]).host == host)
    }
    for host in ["127.0.0.1", "127.9.9.9", "::1", "localhost"] {
      #expect(try settings(flags: ["host": host]).host == host)
    }
  }

  @Test func keysAreCheckedAndNeverShown() throws {
    #expect(
      message { try settings(flags: ["api_key": "same", "read_only_api_key": "same"]) }?.contains(
        "same as api_key") == true)
    let bad = message { try settings(flags: ["api_key": "with space"]) }
    #expect(bad == "api_key (--api-key) may hold visible ASCII characters only")
    #expect(message { try settings(flags: ["api_key": ""]) }?.contains("must not be empty") == true)
    #expect(
      message { try settings(flags: ["api_key": String(repeating: "x", count: 4097)]) }?.contains("4096")
        == true)
  }

  @Test func aCertificateNeedsItsKey() throws {
    #expect(message { try settings(flags: ["tls_certificate": "c.pem"]) }?.contains("needs tls_key") == true)
    #expect(message { try settings(flags: ["tls_key": "k.pem"]) }?.contains("needs tls_certificate") == true)
    let tls = try settings(flags: ["tls_certificate": "c.pem", "tls_key": "k.pem"]).tls
    #expect(tls?.certificate == "c.pem" && tls?.key == "k.pem")
  }
}

@Suite("The settings file")
struct SettingsFileTests {
  private func values(_ text: String) throws -> [String: String] {
    var values: [String: String] = [:]
    for entry in try SettingsFile(text: text, path: "n.yaml").entries {
      values[entry.key] = entry.value ?? "unset"
    }
    return values
  }

  private func message(_ text: String) -> String? {
    do {
      _ = try SettingsFile(text: text, path: "n.yaml")
      return nil
    } catch {
      return error.message
    }
  }

  @Test func scalarsAreReadAsYAMLReadsThem() throws {
    let text = """
      ---
      # a comment
      host: 127.0.0.1   # behind a value
      http_port:   7000\t
      api_key: "a \\"b\\" \\\\ # c"  # d
      read_only_api_key: 'it''s'
      tls_key:
      tls_certificate: ~
      data_dir: /a#b
      log_level: null

      """
    #expect(
      try values(text) == [
        "host": "127.0.0.1", "http_port": "7000", "api_key": #"a "b" \ # c"#, "read_only_api_key": "it's",
        "tls_key": "unset", "tls_certificate": "unset", "data_dir": "/a#b", "log_level": "unset",
      ])
    #expect(try values("host: x\r\nhttp_port: 1\r\n") == ["host": "x", "http_port": "1"])
    #expect(try values("") == [:])
  }

  @Test(arguments: [
    ("http_prot: 1", "n.yaml line 1: there is no setting `http_prot`"),
    ("\nhost: a\nhost: b", "n.yaml line 3: `host` stands on line 2 already"),
    ("http:\n  port: 1", "n.yaml line 1: there is no setting `http`"),
    ("host:\n  - a", "n.yaml line 2: an indented line; settings stand at the margin, one a line"),
    ("host: [a]", "n.yaml line 1: only plain and quoted values are read, not \"[a]\""),
    ("host: - a", "n.yaml line 1: only plain and quoted values are read, not \"- a\""),
    ("host: &x a", "n.yaml line 1: only plain and quoted values are read, not \"&x a\""),
    ("host", "n.yaml line 1: expected `key: value`"),
    ("host:a", "n.yaml line 1: a space must follow the colon behind `host`"),
    ("host: \"a", "n.yaml line 1: the closing quote is missing"),
    ("host: 'a' b", "n.yaml line 1: \"b\" behind the closing quote"),
    (#"host: "\n""#, "n.yaml line 1: only \\\" and \\\\ may follow a backslash in double quotes"),
    ("- host: a", "n.yaml line 1: expected `key: value`"),
  ])
  func mistakesAreNamedWithTheirLine(text: String, expected: String) {
    #expect(message(text) == expected)
  }

  /// The file in `Config` shows each setting with its default, or behind a comment sign where there is none.
  @Test func theFileOfTheRepositoryShowsEverySetting() throws {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(
      separator: "/")
    let path = "\(root)/Config/needletail.yaml"
    let file = try ProcessInputs.settingsFile(path)
    for entry in file.entries {
      let setting = try #require(Setting.all.first { $0.key == entry.key })
      #expect(entry.value == setting.standard, "\(entry.key)")
    }
    let text = String(decoding: try ProcessInputs.contents(of: path, bytesMax: 1 << 20), as: UTF8.self)
    for setting in Setting.all where setting.standard == nil {
      #expect(text.contains("\n# \(setting.key): "), "\(setting.key)")
    }
    #expect(file.entries.count == Setting.all.count { $0.standard != nil })
    _ = try ServerSettings(SettingValues(file: file))
  }

  @Test func aMissingFileIsNamed() {
    #expect(throws: SettingsError.self) { try ProcessInputs.settingsFile("/nonexistent/n.yaml") }
  }
}
