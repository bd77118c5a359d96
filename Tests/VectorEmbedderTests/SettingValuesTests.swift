import Testing

@testable import VectorEmbedder

@Suite struct SettingValuesTests {
  @Test func flagsGoBeforeEnvironmentBeforeFileBeforeDefault() throws {
    let file = ("# comment\nworkers: 2\nbatch_points: 5 # five\ncollection: 'a''b'\nhost: \"h\"\n", "f.yaml")
    let environment = ["NEEDLETAIL_EMBEDDER_WORKERS": "3", "NEEDLETAIL_EMBEDDER_BATCH_POINTS": ""]
    let values = try SettingValues(flags: ["workers=4"], environment: environment, file: file)
    #expect(try values.integer(.workers) == 4)
    #expect(try values.integer(.batchPoints) == 5)
    #expect(values.optional(.collection) == "a'b")
    #expect(values.optional(.host) == "h")
    #expect(try values.integer(.port) == 6335)
    #expect(values.optional(.apiKey) == nil)
  }

  @Test(arguments: [
    ("nonsense: 1", "line 1"), ("\nworkers: many", "workers"), (" workers: 1", "margin"),
    ("workers:1", "space"), ("text_engine: bert", "one of"), ("speech_confidence_min: 2", "0 to 1"),
    ("host: \"a", "quote"), ("sentiment: yes", "true or false"),
    ("text_timeout_seconds: 0", "from 1 to 86400"), ("sentiment_timeout_seconds: 90000", "from 1 to 86400"),
    ("read_timeout_seconds: 1.5", "whole number"), ("language_timeout_seconds: ever", "whole number"),
  ])
  func mistakesAreNamed(text: String, part: String) {
    let error = #expect(throws: SettingsError.self) { try SettingValues(file: (text, "f.yaml")) }
    #expect(error?.message.contains(part) == true)
  }

  @Test func certificatesWithoutEncryptionAreAMistake() throws {
    let values = try SettingValues(flags: ["tls=true", "tls_trust_roots=/ca.pem", "tls_server_name=n"])
    #expect(values.usesTLS && values.tlsTrustRoots == "/ca.pem" && values.tlsServerName == "n")
    #expect(try !SettingValues().usesTLS)
    #expect(throws: SettingsError.self) { try SettingValues(flags: ["tls_trust_roots=/ca.pem"]) }
  }

  @Test func secretsAreNotShown() {
    let error = #expect(throws: SettingsError.self) { try SettingValues(flags: ["api_keys=hush"]) }
    #expect(error?.message.contains("hush") == false)
  }

  @Test func commandsAreSplitLikeAShellDoes() throws {
    let command = try CommandLineTemplate(#"whisper --model 'base en' "{wav}" -o={out}"#)
    #expect(command.words == ["whisper", "--model", "base en", "{wav}", "-o={out}"])
    let child = try command.child(.speech, ["wav": "/a b", "out": "/o"], timeLimit: .seconds(1))
    #expect(child.program == "whisper")
    #expect(child.arguments == ["--model", "base en", "/a b", "-o=/o"])
    #expect(throws: SettingsError.self) { try CommandLineTemplate("a 'b") }
    #expect(throws: SettingsError.self) { try CommandLineTemplate("  ") }
  }
}
