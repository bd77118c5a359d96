import VectorIndex

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How much memory the process may use and does use; decides whether codes and links get memory of their own.
///
/// The limit is the least of the machine's memory, `RLIMIT_DATA` and the control groups (version 1 or 2) that the
/// process is in. Elsewhere than on Linux only the first two are known.
struct MemoryRoom {
  /// Of the limit, what anonymous memory may take: the rest is for the pages of mapped files and for builds.
  private static let anonymousPercent = 60

  var limitBytes: Int
  /// Anonymous memory that is resident.
  var usedBytes: Int

  init(limitBytes: Int, usedBytes: Int) {
    self.limitBytes = limitBytes
    self.usedBytes = usedBytes
  }

  /// What holds now.
  static func now() -> MemoryRoom {
    let machine = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    return MemoryRoom(
      limitBytes: ([machine, dataLimit] + groupLimits).filter { $0 > 0 }.min() ?? .max,
      usedBytes: residentBytes ?? 0)
  }

  /// Where `byteCount` bytes of codes and links live.
  func residency(of byteCount: Int) -> PartResidency {
    usedBytes + byteCount <= limitBytes / 100 * Self.anonymousPercent ? .copied : .inPlace
  }

  private static var dataLimit: Int {
    var limit = rlimit()
    #if canImport(Glibc)
      guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit) == 0 else { return 0 }
    #else
      guard unsafe getrlimit(RLIMIT_DATA, &limit) == 0 else { return 0 }
    #endif
    return Int(clamping: limit.rlim_cur)
  }

  private static var residentBytes: Int? {
    let status = contents(of: "/proc/self/status")
    guard let line = status?.split(separator: "\n").first(where: { $0.hasPrefix("RssAnon:") }) else {
      return nil
    }
    return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
  }

  /// The limits of the process's group and of those above it.
  private static var groupLimits: [Int] {
    (contents(of: "/proc/self/cgroup") ?? "").split(separator: "\n").flatMap { line in
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3, let files = files(ofControllers: parts[1]) else { return [Int]() }
      return chain(parts[2]).compactMap { group in
        contents(of: files.folder + group + files.name).flatMap { text in
          text.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
        }
      }
    }
  }

  private static func files(ofControllers controllers: Substring) -> (folder: String, name: String)? {
    if controllers.isEmpty { return ("/sys/fs/cgroup", "/memory.max") }
    guard controllers.split(separator: ",").contains("memory") else { return nil }
    return ("/sys/fs/cgroup/memory", "/memory.limit_in_bytes")
  }

  /// `/a/b`, `/a` and the root as an empty string.
  static func chain(_ path: Substring) -> [String] {
    let names = path.split(separator: "/")
    return (0...names.count).reversed().map { count in
      names.prefix(count).map { "/" + $0 }.joined()
    }
  }

  /// The beginning of a small file that the system makes up; nil where there is none.
  private static func contents(of path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 8192) { buffer, count in
      count = unsafe max(0, read(descriptor, buffer.baseAddress, buffer.count))
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
