import Testing

@testable import VectorEmbedder

/// What the doctor says is what the worker needs.
@Suite(.enabled(if: TestMedia.isPossible)) struct DoctorTests {
  private func findings(_ flags: [String]) async throws -> [String: Doctor.Finding] {
    let standard = ["text_engine=none", "speech_engine=none", "ocr_engine=none", "language_engine=none"]
    let found = await Doctor(try SettingValues(flags: standard + flags)).examine(sink: nil)
    return Dictionary(found.map { ($0.stage, $0) }) { first, _ in first }
  }

  @Test func whatIsOffIsNotMissing() async throws {
    let found = try await findings([])
    for stage in ["text", "speech", "screen", "language"] { #expect(found[stage]?.isGood == true) }
    #expect(found["text"]?.text == "off (text_engine: none)")
    #expect(found["decode"]?.isGood == true && found["video"]?.isGood == true)
  }

  @Test(arguments: [
    (["video_engine=command", "video_command=no-such-program {video}"], "video"),
    (["speech_engine=command", "speech_command=no-such-program {wav}"], "speech"),
    (["text_engine=command", "text_command=no-such-program"], "text"),
  ])
  func programsThatAreMissingAreNamed(flags: [String], stage: String) async throws {
    let finding = try #require(try await findings(flags)[stage])
    #expect(!finding.isGood && finding.remedy != nil)
    #expect(finding.text.contains("no-such-program"))
  }

  @Test(.enabled(if: TestModel.hasPrograms("pocketsphinx_continuous")))
  func pocketsphinxIsStartedWithItsModel() async throws {
    let finding = try await findings(["speech_engine=pocketsphinx"])["speech"]
    #expect(finding?.isGood == true && finding?.text == "pocketsphinx, English")
  }
}
