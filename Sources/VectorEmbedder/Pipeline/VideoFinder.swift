import FoundationEssentials

/// Finds the videos below a directory or in a manifest.
package struct VideoFinder: Sendable {
  /// Lower-case endings without the dot.
  package var extensions: Set<String>

  package init(extensions: Set<String>) { self.extensions = extensions }

  /// The videos of a directory, a manifest (`.csv`, `.jsonl`) or a single file, by path.
  ///
  /// A file that a manifest names and the disk lacks is in the list.
  ///
  /// - Parameter onNote: gets what could not be looked at.
  /// - Throws: when the path is none of these, or is a directory that cannot be listed.
  package func find(
    _ path: String, onNote: (String) -> Void = { _ in }
  ) throws(StageError) -> [ManifestEntry] {
    let absolute = Self.absolute(path)
    guard Files.exists(absolute) else { throw StageError(.read, "\(path) does not exist") }
    if Files.isDirectory(absolute) {
      let tree = try DirectoryTree(below: absolute)
      for reason in tree.unreadable { onNote("left out: " + reason) }
      return tree.files.filter(isVideo).sorted().map { ManifestEntry(path: $0) }
    }
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

  /// Whether the name ends as a video's does.
  private func isVideo(_ name: String) -> Bool {
    name.lastIndex(of: ".").map { extensions.contains(name[name.index(after: $0)...].lowercased()) } ?? false
  }

  package static func isDirectory(_ path: String) -> Bool { Files.isDirectory(absolute(path)) }
}
