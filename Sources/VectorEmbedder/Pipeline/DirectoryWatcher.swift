#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

import FoundationEssentials

/// Says when something below a directory may have changed: by inotify where there is such, and after a while anyway.
package struct DirectoryWatcher: Sendable {
  private let rescanEvery: Duration
  /// How long the file system must have been quiet.
  private let quietMilliseconds: Int32 = 700

  package init(rescanEvery: Duration) { self.rescanEvery = rescanEvery }

  /// One value at once, then one behind each burst of changes, until the task is cancelled.
  package func changes(below directory: String) -> AsyncStream<Void> {
    AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
      let task = Task.detached {
        continuation.yield()
        while !Task.isCancelled {
          await waitForChange(below: directory)
          continuation.yield()
        }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  #if os(Linux)
    /// Returns behind a burst of changes, when it is time for a rescan, or when the task is cancelled.
    private func waitForChange(below directory: String) async {
      let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
      defer { if descriptor >= 0 { _ = close(descriptor) } }
      let mask = UInt32(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE)
      let directories = (try? DirectoryTree(below: directory))?.directories ?? [directory]
      for path in directories where descriptor >= 0 { _ = unsafe inotify_add_watch(descriptor, path, mask) }
      let deadline = ContinuousClock.now + rescanEvery
      while !Task.isCancelled, ContinuousClock.now < deadline {
        if descriptor >= 0, hasEvents(descriptor, milliseconds: 0) {
          while hasEvents(descriptor, milliseconds: quietMilliseconds) { drain(descriptor) }
          return
        }
        try? await Task.sleep(for: .milliseconds(250))
      }
    }

    private func hasEvents(_ descriptor: Int32, milliseconds: Int32) -> Bool {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      return unsafe poll(&entry, 1, milliseconds) > 0
    }

    private func drain(_ descriptor: Int32) {
      var buffer = [UInt8](repeating: 0, count: 16384)
      let count = buffer.count
      while unsafe read(descriptor, &buffer, count) > 0 {}
    }
  #else
    private func waitForChange(below directory: String) async { try? await Task.sleep(for: rescanEvery) }
  #endif
}

extension VideoFinder {
  /// The videos of a directory that nobody is writing any more: those unchanged for two seconds.
  ///
  /// Where some are younger it waits once for them; what still changes then is left to the next change.
  package func settled(
    _ directory: String, onNote: (String) -> Void = { _ in }
  ) async throws -> [ManifestEntry] {
    let entries = try find(directory, onNote: onNote)
    if entries.contains(where: { !Self.isSettled($0.path) }) {
      try await Task.sleep(for: .milliseconds(2200))
    }
    return entries.filter { Self.isSettled($0.path) }
  }

  private static func isSettled(_ path: String) -> Bool {
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    return FileState(ofFile: path).map { now - $0.modifiedMilliseconds > 2000 } ?? false
  }
}
