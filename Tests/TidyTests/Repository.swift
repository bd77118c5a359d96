import Foundation

/// The files of the checkout that this test was compiled from.
enum Repository {
  /// The directory that holds `Package.swift`.
  static let root: URL = {
    // A package of links may compile this file, so links are followed before going up.
    URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  }()

  /// Directories below the root that hold code.
  static let codeDirectories = [
    "Sources", "Tests", "Benchmarks", "FuzzTesting", "Examples", "clients", ".ci", "docker",
  ]

  struct File {
    /// Relative to the root, with `/`.
    let path: String
    let text: String

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
  }

  /// The files with these extensions below these directories, without build products and hidden directories,
  /// sorted by path.
  static func files(in directories: [String], extensions: Set<String>) throws -> [File] {
    var files: [File] = []
    for directory in directories {
      let base = root.appendingPathComponent(directory)
      guard let paths = FileManager.default.enumerator(atPath: base.path) else { continue }
      for case let path as String in paths where extensions.contains((path as NSString).pathExtension) {
        guard !path.split(separator: "/").contains(where: { $0.hasPrefix(".") }) else { continue }
        let text = try String(contentsOf: base.appendingPathComponent(path), encoding: .utf8)
        files.append(File(path: directory + "/" + path, text: text))
      }
    }
    return files.sorted { $0.path < $1.path }
  }

  static func text(of path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }
}
