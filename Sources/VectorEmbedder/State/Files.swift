import FoundationEssentials

/// Reading and writing whole small files, with errors that name them.
enum Files {
  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  static func isDirectory(_ path: String) -> Bool {
    var isDirectory = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory
  }

  static func bytes(at path: String, stage: Stage, byteCountMax: Int = .max) throws(StageError) -> [UInt8] {
    if byteCountMax < .max, let size = size(of: path), size > byteCountMax {
      throw StageError(stage, "\(path) has \(size) bytes, the limit is \(byteCountMax)")
    }
    do {
      return Array(try Data(contentsOf: URL(filePath: path)))
    } catch {
      throw StageError(stage, "cannot read \(path): \(error.reason)")
    }
  }

  /// The file's text; bytes that are no UTF-8 are taken for Latin-1 when there are such.
  static func text(at path: String, stage: Stage, byteCountMax: Int = .max) throws(StageError) -> String {
    var bytes = try bytes(at: path, stage: stage, byteCountMax: byteCountMax)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }

  /// At most `byteCount` bytes from the start.
  static func prefix(of path: String, byteCount: Int, stage: Stage) throws(StageError) -> [UInt8] {
    let file = try ReadableFile(path, stage: stage)
    return try file.read(byteCount: byteCount)
  }

  static func size(of path: String) -> Int? { FileState(ofFile: path)?.byteCount }

  /// Writes beside the file and renames, so that a reader sees the old or the new one.
  static func write(_ bytes: [UInt8], to path: String, stage: Stage) throws(StageError) {
    do {
      try Data(bytes).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw StageError(stage, "cannot write \(path): \(error.reason)")
    }
  }

  /// Whether there is such a program, at this path or in PATH.
  static func isProgram(_ name: String) -> Bool {
    if name.contains("/") { return FileManager.default.isExecutableFile(atPath: name) }
    let directories = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    return directories.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
  }

  /// What is free for others than root on the disk of `path`, in bytes; nil where that is not known.
  static func freeByteCount(at path: String) -> Int? {
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: path)
    return (attributes?[.systemFreeSize] as? any BinaryInteger).map { Int(clamping: $0) }
  }

  /// Where a symbolic link leads; nil where there is none.
  static func target(ofLink path: String) -> String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: path)
  }

  static func makeDirectory(_ path: String, stage: Stage) throws(StageError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw StageError(stage, "cannot make the directory \(path): \(error.reason)")
    }
  }

  static func remove(_ path: String) {
    try? FileManager.default.removeItem(atPath: path)
  }
}

extension Error {
  /// A short text without the type's decoration where it can be had.
  var reason: String {
    if let error = self as? CocoaError, let underlying = error.underlying { return "\(underlying)" }
    return "\(self)"
  }
}

extension Files {
  /// The names in a directory, sorted.
  static func names(in directory: String, stage: Stage) throws(StageError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    } catch {
      throw StageError(stage, "cannot list \(directory): \(error.reason)")
    }
  }

  /// Moves a file, over one that is there.
  static func move(_ path: String, to target: String, stage: Stage) throws(StageError) {
    remove(target)
    do {
      try FileManager.default.moveItem(atPath: path, toPath: target)
    } catch {
      throw StageError(stage, "cannot move \(path) to \(target): \(error.reason)")
    }
  }
}
