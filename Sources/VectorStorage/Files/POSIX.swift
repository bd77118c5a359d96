#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the operating system's error codes mean here.
enum POSIX {
  /// The system's sentence for `errno`, as `No space left on device`.
  static func message(_ errno: Int32) -> String {
    guard let text = unsafe strerror(errno) else { return "unknown error" }
    return unsafe String(cString: text)
  }

  /// Disk, quota or file size limit exhausted.
  static func isOutOfSpace(_ errno: Int32) -> Bool {
    errno == ENOSPC || errno == EDQUOT || errno == EFBIG
  }

  static var noSpace: Int32 { ENOSPC }
  static var notFound: Int32 { ENOENT }
  static var inputOutput: Int32 { EIO }
  static var exists: Int32 { EEXIST }
}
