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
  private let quiet: Duration = .milliseconds(700)

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
    /// Returns behind a burst of changes, when it is time for a rescan even where changes do not end, or when the
    /// task is cancelled.
    private func waitForChange(below directory: String) async {
      let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
      defer { if descriptor >= 0 { _ = close(descriptor) } }
      let mask = UInt32(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE)
      let directories = (try? DirectoryTree(below: directory))?.directories ?? [directory]
      for path in directories where descriptor >= 0 { _ = unsafe inotify_add_watch(descriptor, path, mask) }
      let deadline = ContinuousClock.now + rescanEvery
      var quietFrom: ContinuousClock.Instant?
      while !Task.isCancelled, ContinuousClock.now < deadline {
        if descriptor >= 0, hadEvents(descriptor) {
          quietFrom = .now + quiet
        } else if let quietFrom, .now >= quietFrom {
          return
        }
        try? await Task.sleep(for: .milliseconds(250))
      }
    }

    /// Takes the events that wait.
    private func hadEvents(_ descriptor: Int32) -> Bool {
      var buffer = [UInt8](repeating: 0, count: 16384)
      let count = buffer.count
      var hadSome = false
      while unsafe read(descriptor, &buffer, count) > 0 { hadSome = true }
      return hadSome
    }
  #else
    private func waitForChange(below directory: String) async { try? await Task.sleep(for: rescanEvery) }
  #endif
}

extension VideoFinder {
  /// The videos of a directory that nobody is writing any more: those unchanged for two seconds.
  ///
  /// A file whose time is younger, or in the future, is looked at twice; what changes in between is left to the next
  /// change.
  package func settled(
    _ directory: String, quiet: Duration = .milliseconds(2200), onNote: (String) -> Void = { _ in }
  ) async throws -> [ManifestEntry] {
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    let found = try find(directory, onNote: onNote).map { ($0, FileState(ofFile: $0.path)) }
    func isOld(_ state: FileState) -> Bool { state.modifiedMilliseconds < now - 2000 }
    if !found.allSatisfy({ $0.1.map(isOld) ?? true }) { try await Task.sleep(for: quiet) }
    return found.filter { entry, state in
      guard let state else { return false }
      return isOld(state) || FileState(ofFile: entry.path) == state
    }
    .map(\.0)
  }
}
