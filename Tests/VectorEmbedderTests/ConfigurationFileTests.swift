import Testing

@testable import VectorEmbedder

@Suite struct ConfigurationFileTests {
  /// The file in Config sets the defaults and mentions every setting.
  @Test func theExampleFileIsTheDefaults() throws {
    let path = TestModel.testDirectory + "/../../Config/embedder.yaml"
    let text = try Files.text(at: path, stage: .read)
    let values = try SettingValues(file: (text, path))
    let defaults = try SettingValues()
    for setting in Setting.all {
      #expect(values.optional(setting) == defaults.optional(setting), "\(setting.key)")
      let isMentioned = text.contains("\n\(setting.key): ") || text.contains("\n# \(setting.key): ")
      #expect(isMentioned, "\(setting.key) is missing in Config/embedder.yaml")
    }
  }
}
