import ArgumentParser
import VectorEmbedder

/// `needletail-embedder doctor`: which stages work here, and what mends the others.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Show which stages work here and what mends the others.")

  @OptionGroup var options: SettingOptions
  @Flag(help: "Leave the server out.") var offline = false

  func run() async throws {
    let values = try options.values()
    let findings = await Doctor(values).examine(sink: offline ? nil : try ServerSink.connect(values))
    for finding in findings {
      let stage = finding.stage + String(repeating: " ", count: max(0, 9 - finding.stage.count))
      Terminal.line("\(finding.isGood ? "ok     " : "MISSING") \(stage) \(finding.text)")
      if let remedy = finding.remedy { Terminal.line("                  → \(remedy)") }
    }
    if findings.contains(where: { !$0.isGood }) { throw ExitCode(1) }
  }
}
