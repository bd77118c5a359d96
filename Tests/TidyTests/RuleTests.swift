import Testing

/// Each rule finds what it forbids, so that none of them passes silently.
@Suite struct RuleTests {
  @Test func importRuleFindsWhatTheTableForbids() {
    let text = """
      // import Foundation is only mentioned here
      package import VectorModel
      @testable private import struct VectorServer.Route
      import CKernels
      let sentence = "import VectorEngine"
      """
    #expect(
      ImportRule.violations(target: "VectorIndex", path: "a.swift", text: text)
        == ["a.swift:3: VectorIndex must not import VectorServer"])
    #expect(
      ImportRule.violations(target: "VectorModel", path: "a.swift", text: "import Foundation").count == 1)
    #expect(ImportRule.violations(target: "Novelty", path: "a.swift", text: "").count == 1)
  }

  @Test func importTableHasNoCycle() {
    var remaining = ImportRule.allowed.mapValues { $0.intersection(ImportRule.allowed.keys) }
    while let leaf = remaining.first(where: { $0.value.isEmpty })?.key {
      remaining[leaf] = nil
      remaining = remaining.mapValues { $0.subtracting([leaf]) }
    }
    #expect(remaining.isEmpty, "modules in a cycle: \(remaining.keys.sorted())")
  }

  @Test func fileLengthRuleCountsLines() {
    let line = "let x = 1\n"
    #expect(LengthRule.fileViolations(path: "a.swift", text: String(repeating: line, count: 500)).isEmpty)
    #expect(LengthRule.fileViolations(path: "a.swift", text: String(repeating: line, count: 501)).count == 1)
  }

  @Test(arguments: [
    "func f() {", "init?(a: Int = { 1 }()) {", "subscript(i: Int) -> Int {", "deinit {", "var x: Int {",
    "func g<T>(\n_ a: T\n) async throws(E) -> [T]\nwhere T: P {",
  ])
  func functionLengthRuleCountsToTheClosingBrace(head: String) {
    let lines = head.split(separator: "\n").count
    func text(bodyLines: Int) -> String {
      "struct S {\n" + head + "\n" + String(repeating: "if a { b(\"}\") } // }\n", count: bodyLines)
        + "}\n}\n"
    }
    let most = LengthRule.functionLinesMax - lines - 1
    #expect(LengthRule.functionViolations(path: "a.swift", text: text(bodyLines: most)).isEmpty)
    #expect(LengthRule.functionViolations(path: "a.swift", text: text(bodyLines: most + 1)).count == 1)
  }

  @Test func functionScannerTellsDeclarationsFromUses() {
    let text = """
      protocol P {
        func a() -> Int
        var b: Int { get }
        init(c: Int)
      }
      let made = S.init(x: 1)
      struct S {
        var stored = { 1 }()
        func d() { _ = Self.init() }
      }
      """
    let names = LengthRule.functions(in: CodeText(text)).map(\.name)
    #expect(names == ["b", "d"])
  }

  @Test func codeTextKeepsCodeAndPlaces() {
    let text = ##"""
      let a = "x{\(f("}"))}" /* { /* } */ { */ + g // {
      let b = #"\(no) "# + #"\#(yes)"#
      let c = """
        { "quoted" \(inner)
        """
      """##
    let code = CodeText(text)
    #expect(code.bytes.count == text.utf8.count)
    #expect(code.words.map(\.text) == ["let", "a", "f", "g", "let", "b", "yes", "let", "c", "inner"])
    #expect(!code.bytes.contains(UInt8(ascii: "{")))
    #expect(code.words.last.map { code.line(at: $0.offset) } == 4)
  }

  @Test func wordingRulesFindWhatTheyForbid() {
    let path = "Sources/X/a.swift"
    for mark in WordingRule.marks {
      #expect(WordingRule.markViolations(path: path, text: "x // \(mark): later").count == 1)
      #expect(WordingRule.markViolations(path: path, text: "let my\(mark)s = 1").isEmpty)
    }
    #expect(WordingRule.trapViolations(path: path, text: "let a = try! f()\nfatalError(\"x\")").count == 2)
    #expect(WordingRule.trapViolations(path: path, text: "// try! f()").isEmpty)
    let option = "Option(.tcp_nodelay)"
    #expect(WordingRule.optionLevelViolations(path: path, text: ".socket\(option)").count == 1)
    #expect(
      WordingRule.optionLevelViolations(path: path, text: ".tcp\(option) .socketOption(.so_reuseaddr)")
        .isEmpty)
    #expect(
      WordingRule.sleepViolations(path: path, text: "try await Task.sleep(for: .seconds(1))").count == 1)
    #expect(WordingRule.sleepViolations(path: path, text: "usleep(10)").count == 1)
    #expect(WordingRule.sleepViolations(path: path, text: "let s = \"usleep(10)\"").isEmpty)
    #expect(WordingRule.pythonSleepViolations(path: "a.py", text: "time.sleep(1)").count == 1)
  }

  @Test func nameRuleReadsCamelCase() {
    func count(_ text: String, path: String = "Sources/X/A.swift") -> Int {
      WordingRule.nameViolations(path: path, text: text).count
    }
    #expect(count("final class ConnectionManager {}") == 1)
    #expect(count("enum Utils {}; protocol HelperBase {}") == 2)
    #expect(count("struct Database { class func baseline() {} }") == 0)
    #expect(count("", path: "Sources/X/String+Helpers.swift") == 1)
    #expect(count("", path: "Sources/X/Commons.swift") == 0)
  }

  @Test func unsafeRuleComparesBothWays() {
    #expect(UnsafeRule.isUnsafe("let a = unsafe pointer.pointee"))
    #expect(UnsafeRule.isUnsafe("@unsafe func f() {}"))
    #expect(!UnsafeRule.isUnsafe("// unsafe\nlet unsafeness = \"unsafe\""))
    let list = UnsafeRule.parse(list: "# a list\na.swift pointers\nb.swift\n")
    #expect(list.paths == ["a.swift", "b.swift"])
    #expect(list.violations.count == 1)
    #expect(UnsafeRule.violations(unsafePaths: ["a.swift", "c.swift"], allowed: list.paths).count == 2)
  }

  @Test func layoutRuleKnowsTheTopLevel() {
    #expect(LayoutRule.violations(entries: LayoutRule.required.union([".git", "Package.resolved"])).isEmpty)
    #expect(LayoutRule.violations(entries: LayoutRule.required.union(["scripts"])).count == 1)
    #expect(LayoutRule.violations(entries: LayoutRule.required.subtracting(["LICENSE"])).count == 1)
  }
}
