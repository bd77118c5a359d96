/// Unsafe code stands only in the files that `unsafe-allowed.txt` lists, each with its reason.
enum UnsafeRule {
  /// The paths of the list, and a message for each line without a reason.
  static func parse(list: String) -> (paths: Set<String>, violations: [String]) {
    var paths: Set<String> = []
    var violations: [String] = []
    for line in list.split(separator: "\n") where !line.hasPrefix("#") {
      let parts = line.split(separator: " ", maxSplits: 1)
      paths.insert(String(parts[0]))
      if parts.count < 2 { violations.append("unsafe-allowed.txt: \(parts[0]) has no reason") }
    }
    return (paths, violations)
  }

  static func isUnsafe(_ text: String) -> Bool {
    CodeText(text).words.contains { $0.text == "unsafe" }
  }

  /// Files with unsafe code that are not listed, and listed files that have none or do not exist.
  static func violations(unsafePaths: Set<String>, allowed: Set<String>) -> [String] {
    unsafePaths.subtracting(allowed).sorted().map { "\($0): unsafe code, but not in unsafe-allowed.txt" }
      + allowed.subtracting(unsafePaths).sorted().map { "\($0): in unsafe-allowed.txt without unsafe code" }
  }
}
