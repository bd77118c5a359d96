#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What this process has taken from the machine.
package struct ProcessUsage: Sendable {
  /// Absent where the system has no `/proc`.
  package var residentBytes: Int?
  package var cpuSeconds: Double
  package var openDescriptors: Int?
  package var descriptorsMax: Int

  package static func current() -> ProcessUsage {
    var usage = rusage()
    _ = unsafe getrusage(selfResources, &usage)
    let microseconds = Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    return ProcessUsage(
      residentBytes: residentPages().map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) },
      cpuSeconds: Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + microseconds / 1e6,
      openDescriptors: countEntries("/proc/self/fd"), descriptorsMax: descriptorLimit().current)
  }

  var metrics: [MetricFamily] {
    var families = [
      MetricFamily(
        name: "process_cpu_seconds_total", help: "user and system CPU time", kind: .counter, value: cpuSeconds
      ),
      MetricFamily(
        name: "process_max_fds", help: "limit of open file descriptors", kind: .gauge,
        value: Double(descriptorsMax)),
    ]
    if let residentBytes {
      families.append(
        MetricFamily(
          name: "process_resident_memory_bytes", help: "resident memory", kind: .gauge,
          value: Double(residentBytes)))
    }
    if let openDescriptors {
      families.append(
        MetricFamily(
          name: "process_open_fds", help: "open file descriptors", kind: .gauge,
          value: Double(openDescriptors)))
    }
    return families
  }

  /// Raises the limit of open descriptors to what the system lets this process have, and returns it.
  @discardableResult
  package static func raiseDescriptorLimit() -> Int {
    let limit = descriptorLimit()
    if limit.current < limit.max {
      var raised = rlimit(rlim_cur: rlim_t(limit.max), rlim_max: rlim_t(limit.max))
      _ = unsafe setrlimit(descriptorResource, &raised)
    }
    return descriptorLimit().current
  }

  // MARK: Private parts

  #if canImport(Glibc)
    private static var selfResources: __rusage_who_t { __rusage_who_t(RUSAGE_SELF.rawValue) }
    private static var descriptorResource: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
  #else
    private static var selfResources: Int32 { RUSAGE_SELF }
    private static var descriptorResource: Int32 { RLIMIT_NOFILE }
  #endif

  private static func descriptorLimit() -> (current: Int, max: Int) {
    var limit = rlimit()
    guard unsafe getrlimit(descriptorResource, &limit) == 0 else { return (0, 0) }
    return (Int(clamping: limit.rlim_cur), Int(clamping: limit.rlim_max))
  }

  /// The second number of `/proc/self/statm`.
  private static func residentPages() -> Int? {
    let file = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = unsafe read(file, &bytes, bytes.count)
    guard count > 0 else { return nil }
    let fields = bytes.prefix(count).split(separator: UInt8(ascii: " "))
    return fields.count > 1 ? Int(String(decoding: fields[1], as: UTF8.self)) : nil
  }

  private static func countEntries(_ path: String) -> Int? {
    guard let directory = unsafe opendir(path) else { return nil }
    defer { unsafe closedir(directory) }
    var count = 0
    while let entry = unsafe readdir(directory) {
      if unsafe entry.pointee.d_name.0 != CChar(bitPattern: UInt8(ascii: ".")) { count += 1 }
    }
    // One of them is the listing's own.
    return max(0, count - 1)
  }
}
