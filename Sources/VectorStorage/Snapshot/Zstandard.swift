import CZstd

/// Compresses pieces of bytes, each on its own. Used by one thread at a time.
@safe final class Compressor {
  /// Fast, and nearly as small: vectors hardly compress at any level.
  private static let level: Int32 = 1
  private let context: OpaquePointer

  init() {
    guard let context = unsafe ZSTD_createCCtx() else { preconditionFailure("no memory for a compressor") }
    unsafe self.context = context
  }

  deinit { unsafe ZSTD_freeCCtx(context) }

  /// Appends the compressed form of `bytes` and returns its length.
  func append(_ bytes: [UInt8], to target: inout [UInt8]) -> Int {
    let start = target.count
    let bound = ZSTD_compressBound(bytes.count)
    target.append(contentsOf: repeatElement(0, count: bound))
    let count = unsafe target.withUnsafeMutableBytes { target in
      unsafe bytes.withUnsafeBytes { source in
        unsafe ZSTD_compressCCtx(
          context, target.baseAddress?.advanced(by: start), bound, source.baseAddress, source.count,
          Self.level)
      }
    }
    precondition(ZSTD_isError(count) == 0, "compressing into enough space cannot fail")
    target.removeLast(bound - count)
    return count
  }
}

/// Gives back what a `Compressor` took in. Used by one thread at a time.
@safe final class Decompressor {
  private let context: OpaquePointer

  init() {
    guard let context = unsafe ZSTD_createDCtx() else { preconditionFailure("no memory for a decompressor") }
    unsafe self.context = context
  }

  deinit { unsafe ZSTD_freeDCtx(context) }

  /// The contents of `bytes`, or nil where they are not exactly `count` bytes.
  func contents(_ bytes: Span<UInt8>, count: Int) -> [UInt8]? {
    var result = [UInt8](repeating: 0, count: count)
    let length = unsafe result.withUnsafeMutableBytes { target in
      unsafe bytes.withUnsafeBytes { source in
        unsafe ZSTD_decompressDCtx(
          context, target.baseAddress, target.count, source.baseAddress, source.count)
      }
    }
    return length == count ? result : nil
  }
}
