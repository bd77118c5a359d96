/// Which modules each target may import: the module graph of `Docs/architecture.md`, which has no cycles.
enum ImportRule {
  /// The C library, under the name that the platform gives it, and what belongs to the language.
  static let platform: Set<String> = ["Glibc", "Musl", "Darwin", "Android"]
  static let networking: Set<String> = [
    "NIOCore", "NIOPosix", "NIOHTTP1", "NIOSSL", "NIOConcurrencyHelpers", "NIOFoundationCompat",
  ]

  static let allowed: [String: Set<String>] = [
    "VectorModel": [],
    "VectorIndex": platform.union([
      "VectorModel", "CKernels", "CScheduling", "HashTreeCollections", "BitCollections", "HeapModule",
      "Synchronization",
    ]),
    "VectorStorage": platform.union([
      "VectorModel", "CLMDB", "CZstd", "CChecksum", "CScheduling", "FoundationEssentials", "Synchronization",
    ]),
    "VectorEngine": platform.union([
      "VectorModel", "VectorIndex", "VectorStorage", "CSHA256", "CScheduling", "HashTreeCollections",
      "Logging", "Dispatch", "FoundationEssentials", "Synchronization",
    ]),
    "VectorServer": platform.union(networking).union([
      "VectorModel", "VectorEngine", "CChecksum", "Logging", "Configuration", "ServiceLifecycle",
      "FoundationEssentials",
      "Synchronization",
    ]),
    "VectorClient": platform.union(networking).union([
      "VectorModel", "CChecksum", "FoundationEssentials", "Synchronization",
    ]),
    "VectorEmbedder": platform.union([
      "VectorModel", "CMiniLM", "CONNXRuntime", "CLanguage", "CSentencePiece", "CSHA256", "CChecksum",
      "NIOCore", "Subprocess", "SystemPackage", "Swift", "FoundationEssentials", "Synchronization",
    ]),
    "needletail-embedder": platform.union([
      "VectorEmbedder", "VectorModel", "VectorClient", "ArgumentParser", "NIOCore", "NIOPosix", "Dispatch",
    ]),
    "needletail": platform.union(networking).union([
      "VectorServer", "VectorClient", "VectorEngine", "VectorModel", "ArgumentParser", "Logging",
      "FoundationEssentials",
    ]),
  ]

  /// The module's name in an import declaration, whatever attributes, access and kind of symbol stand there.
  static func importedModule(in line: String) -> String? {
    let words = line.split(separator: " ").map(String.init)
    guard let position = words.firstIndex(of: "import"), position + 1 < words.count else { return nil }
    let access: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
    guard words[..<position].allSatisfy({ access.contains($0) || $0.hasPrefix("@") }) else { return nil }
    let kinds: Set<String> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
    let named = kinds.contains(words[position + 1]) ? position + 2 : position + 1
    guard named < words.count else { return nil }
    return words[named].split(separator: ".").first.map(String.init)
  }

  /// One message for each import that the table does not allow, and for a target that is not in the table.
  static func violations(target: String, path: String, text: String) -> [String] {
    guard let allowed = allowed[target] else {
      return ["\(path): target \(target) is not in the table of modules"]
    }
    return CodeText(text).lines.enumerated().compactMap { number, line in
      guard let module = importedModule(in: line), !allowed.contains(module) else { return nil }
      return "\(path):\(number + 1): \(target) must not import \(module)"
    }
  }
}
