package import VectorModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The operating system's files.
package struct POSIXFileSystem: FileSystem {
  package init() {}

  package func open(_ path: String, _ access: FileAccess) throws(StorageError) -> any File {
    #if os(Linux)
      if case .append = access, let descriptor = try? Self.descriptor(path, O_RDWR | DirectFile.flag) {
        return DirectFile(POSIXFile(path: path, descriptor: descriptor))
      }
    #endif
    let flags: Int32 =
      switch access {
      case .read: O_RDONLY
      case .readWrite, .append: O_RDWR
      case .createNew: O_RDWR | O_CREAT | O_EXCL
      case .createOrTruncate: O_RDWR | O_CREAT | O_TRUNC
      case .createOrOpen: O_RDWR | O_CREAT
      }
    return POSIXFile(path: path, descriptor: try Self.descriptor(path, flags))
  }

  package func rename(_ source: String, to destination: String) throws(StorageError) {
    #if canImport(Glibc)
      let result = unsafe Glibc.rename(source, destination)
    #elseif canImport(Musl)
      let result = unsafe Musl.rename(source, destination)
    #else
      let result = unsafe Darwin.rename(source, destination)
    #endif
    guard result == 0 else { throw Self.failure("rename to \(destination)", source) }
  }

  package func unlink(_ path: String) throws(StorageError) {
    // `unlinkat` is the same call under a name that this method does not hide.
    guard unsafe unlinkat(AT_FDCWD, path, 0) == 0 else { throw Self.failure("unlink", path) }
  }

  package func list(_ directory: String) throws(StorageError) -> [String] {
    guard let stream = unsafe opendir(directory) else { throw Self.failure("list", directory) }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else {
        guard errno == 0 else { throw Self.failure("list", directory) }
        return names
      }
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
        unsafe field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee)) {
          unsafe String(cString: $0)
        }
      }
      if name != "." && name != ".." { names.append(name) }
    }
  }

  package func kind(of path: String) throws(StorageError) -> FileKind? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw Self.failure("stat", path)
    }
    return status.st_mode & S_IFMT == S_IFDIR ? .directory : .file
  }

  package func createDirectory(_ path: String) throws(StorageError) {
    guard unsafe mkdir(path, 0o750) != 0 else { return }
    let failure = Self.failure("mkdir", path)
    guard errno == EEXIST, try kind(of: path) == .directory else { throw failure }
  }

  package func removeDirectory(_ path: String) throws(StorageError) {
    guard unsafe rmdir(path) == 0 else { throw Self.failure("rmdir", path) }
  }

  package func syncDirectory(_ path: String) throws(StorageError) {
    let descriptor = try Self.descriptor(path, O_RDONLY | O_DIRECTORY)
    defer { _ = close(descriptor) }
    guard fsync(descriptor) == 0 else { throw Self.failure("fsync of directory", path) }
  }

  package func map(_ path: String) throws(StorageError) -> MemoryRegion {
    let descriptor = try Self.descriptor(path, O_RDONLY)
    defer { _ = close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure("stat", path) }
    let count = Int(status.st_size)
    guard count > 0 else { return MemoryRegion(copying: []) }
    guard let address = unsafe mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0),
      unsafe address != MAP_FAILED
    else { throw Self.failure("mmap", path) }
    return unsafe MemoryRegion(UnsafeRawBufferPointer(start: address, count: count)) { bytes in
      unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }
  }

  package func freeByteCount(at path: String) throws(StorageError) -> UInt64 {
    var status = statvfs()
    guard unsafe statvfs(path, &status) == 0 else { throw Self.failure("statvfs", path) }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }

  /// The path without links, `.` and `..`; nil where there is nothing.
  package static func resolved(_ path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  /// The path without links of a regular file; nil where there is none, or something else.
  package static func regularFile(_ path: String) -> String? {
    guard let path = resolved(path) else { return nil }
    var status = stat()
    guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return path
  }

  private static func descriptor(_ path: String, _ flags: Int32) throws(StorageError) -> Int32 {
    while true {
      #if canImport(Glibc)
        let descriptor = unsafe Glibc.open(path, flags | O_CLOEXEC, 0o640)
      #elseif canImport(Musl)
        let descriptor = unsafe Musl.open(path, flags | O_CLOEXEC, 0o640)
      #else
        let descriptor = unsafe Darwin.open(path, flags | O_CLOEXEC, 0o640)
      #endif
      if descriptor >= 0 { return descriptor }
      guard errno == EINTR else { throw failure("open", path) }
    }
  }

  private static func failure(_ operation: String, _ path: String) -> StorageError {
    .io(operation: operation, file: path, offset: nil, errno: errno)
  }
}
