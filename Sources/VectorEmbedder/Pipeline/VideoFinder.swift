import FoundationEssentials

/// Finds the videos below a directory or in a manifest.
package struct VideoFinder: Sendable {
  /// Lower-case endings without the dot.
  package var extensions: Set<String>

  package init(extensions: Set<String>) { self.extensions = extensions }

  /// The videos of a directory, a manifest (`.csv`, `.jsonl`) or a single file, by path.
  ///
  /// - Throws: when the path is none of these. A file that a manifest names and the disk lacks is in the list.
  package func find(_ path: String) throws(StageError) -> [ManifestEntry] {
    let absolute = Self.absolute(path)
    guard Files.exists(absolute) else { throw StageError(.read, "\(path) does not exist") }
    if Files.isDirectory(absolute) { return try videos(below: absolute).map { ManifestEntry(path: $0) } }
    let lower = absolute.lowercased()
    if lower.hasSuffix(".csv") || lower.hasSuffix(".jsonl") {
      return try Manifest.entries(ofFile: absolute).map { entry in
        var entry = entry
        entry.path = Self.absolute(entry.path)
        return entry
      }
    }
    return [ManifestEntry(path: absolute)]
  }

  /// Without `.`, `..` and doubled slashes, from the root.
  package static func absolute(_ path: String) -> String {
    let full = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    var parts: [Substring] = []
    for part in full.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }

  private func videos(below directory: String) throws(StageError) -> [String] {
    let names: [String]
    do {
      names = try FileManager.default.subpathsOfDirectory(atPath: directory)
    } catch {
      throw StageError(.read, "cannot list \(directory): \(error.reason)")
    }
    return names.filter(isVideo).map { directory + "/" + $0 }.filter { !Files.isDirectory($0) }.sorted()
  }

  /// Whether the name ends as a video's does and no part of it is hidden.
  package func isVideo(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: "."), extensions.contains(name[name.index(after: dot)...].lowercased())
    else { return false }
    return !name.split(separator: "/").contains { $0.hasPrefix(".") }
  }

  package static func isDirectory(_ path: String) -> Bool { Files.isDirectory(path) }

  /// The file as it is now; nil where it is no more.
  package static func state(of path: String) -> FileState? { FileState(ofFile: path) }
}
