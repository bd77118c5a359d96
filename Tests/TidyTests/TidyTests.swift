import Foundation
import Testing

/// The rules, applied to the repository.
@Suite struct TidyTests {
  @Test func importsFollowTheModuleGraph() throws {
    let files = try Repository.files(in: ["Sources"], extensions: ["swift"])
    #expect(!files.isEmpty)
    expectNone(
      files.flatMap { file in
        let target = String(file.path.split(separator: "/")[1])
        return ImportRule.violations(target: target, path: file.path, text: file.text)
      })
  }

  @Test func filesAreShort() throws {
    let files = try Repository.files(
      in: Repository.codeDirectories, extensions: ["swift", "c", "h", "py", "sh"])
    expectNone(files.flatMap { LengthRule.fileViolations(path: $0.path, text: $0.text) })
  }

  @Test func functionsAreShort() throws {
    let files = try Repository.files(in: Repository.codeDirectories, extensions: ["swift"])
    expectNone(files.flatMap { LengthRule.functionViolations(path: $0.path, text: $0.text) })
  }

  @Test func nothingIsMarkedUnfinished() throws {
    let files = try Repository.files(
      in: Repository.codeDirectories, extensions: ["swift", "c", "h", "py", "sh"])
    expectNone(files.flatMap { WordingRule.markViolations(path: $0.path, text: $0.text) })
  }

  @Test func nothingTrapsOnBadInput() throws {
    let files = try Repository.files(in: Repository.codeDirectories, extensions: ["swift"])
    expectNone(files.flatMap { WordingRule.trapViolations(path: $0.path, text: $0.text) })
  }

  @Test func optionsOfTCPAreAskedOfTCP() throws {
    let files = try Repository.files(in: ["Sources", "Tests"], extensions: ["swift"])
    expectNone(files.flatMap { WordingRule.optionLevelViolations(path: $0.path, text: $0.text) })
  }

  @Test func namesSaySomething() throws {
    let files = try Repository.files(in: Repository.codeDirectories, extensions: ["swift"])
    expectNone(files.flatMap { WordingRule.nameViolations(path: $0.path, text: $0.text) })
  }

  @Test func testsDoNotSleep() throws {
    let swift = try Repository.files(in: ["Tests"], extensions: ["swift"])
    expectNone(swift.flatMap { WordingRule.sleepViolations(path: $0.path, text: $0.text) })
    let python = try Repository.files(in: ["Tests"], extensions: ["py"])
    expectNone(python.flatMap { WordingRule.pythonSleepViolations(path: $0.path, text: $0.text) })
  }

  @Test func unsafeCodeIsListed() throws {
    let list = UnsafeRule.parse(list: try Repository.text(of: "Tests/TidyTests/unsafe-allowed.txt"))
    let files = try Repository.files(in: ["Sources"], extensions: ["swift"])
    let unsafePaths = Set(files.filter { UnsafeRule.isUnsafe($0.text) }.map(\.path))
    expectNone(list.violations + UnsafeRule.violations(unsafePaths: unsafePaths, allowed: list.paths))
  }

  @Test func topLevelIsFixed() throws {
    let entries = try FileManager.default.contentsOfDirectory(atPath: Repository.root.path)
    expectNone(LayoutRule.violations(entries: Set(entries)))
  }

  private func expectNone(_ violations: [String], sourceLocation: SourceLocation = #_sourceLocation) {
    for violation in violations { Issue.record(Comment(rawValue: violation), sourceLocation: sourceLocation) }
  }
}
