/// What stands at the top of the repository. Files that begin with a dot are free.
enum LayoutRule {
  static let required: Set<String> = [
    "Package.swift", "Sources", "Tests", "Config", "Docs", "docker", "README.md", "Makefile",
    "CONTRIBUTING.md",
    "CHANGELOG.md", "SECURITY.md", "LICENSE", "Benchmarks", "Examples",
  ]
  static let optional: Set<String> = ["FuzzTesting", "clients"]
  /// What building and running leave behind; git ignores it.
  static let ignored: Set<String> = [
    "Package.resolved", "needletail-data", "needletail-models", "needletail-embedder-state", "__pycache__",
  ]

  static func violations(entries: Set<String>) -> [String] {
    let visible = entries.filter { !$0.hasPrefix(".") }.subtracting(ignored)
    return required.subtracting(visible).sorted().map { "\($0) is missing at the top of the repository" }
      + visible.subtracting(required).subtracting(optional).sorted().map {
        "\($0) does not belong at the top of the repository"
      }
  }
}
