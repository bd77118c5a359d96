#if canImport(Glibc)
  import Glibc

  /// The library of `Fixtures/faults.c.txt`, which stands between LMDB and the system in processes that load it.
  enum FaultLibrary {
    /// What happens at one call; the raw values are those of `faults.c.txt`.
    enum Fault: Int32, CaseIterable {
      case kill = 0
      case tornWrite = 1
      case inputOutput = 2
      case noSpace = 3
    }

    /// Compiles the library, so that processes that are started from now on load it.
    /// - Returns: false where there is no C compiler.
    static func preload(from source: String, into directory: String) -> Bool {
      let library = directory + "/faults.so"
      guard run(["cc", "-O1", "-shared", "-fPIC", "-o", library, "-x", "c", source, "-ldl"]) == 0 else {
        return false
      }
      return unsafe setenv("LD_PRELOAD", library, 1) == 0
    }

    /// Takes the library out of the environment of later processes.
    static func unload() { unsafe unsetenv("LD_PRELOAD") }

    /// Counts calls on the store at `path`, whose contents are durable, and fails the one after `call` others.
    static func arm(_ path: String, _ fault: Fault, atCall call: Int) {
      typealias Function = @convention(c) (UnsafePointer<CChar>, Int32, Int) -> Void
      unsafe function("nt_faults_arm", as: Function.self)(path, fault.rawValue, call)
    }

    static func disarm() { unsafe function("nt_faults_disarm", as: (@convention(c) () -> Void).self)() }

    /// The operation that the fault met; empty when it was not reached.
    static var fired: String {
      let name = unsafe function("nt_faults_fired", as: (@convention(c) () -> UnsafePointer<CChar>).self)()
      return unsafe String(cString: name)
    }

    static var callCount: Int { unsafe function("nt_faults_calls", as: (@convention(c) () -> Int).self)() }

    /// Writes the store as a power loss would have left it.
    static func losePower(_ path: String, seed: UInt64) {
      typealias Function = @convention(c) (UnsafePointer<CChar>, UInt64) -> Void
      unsafe function("nt_faults_lose_power", as: Function.self)(path, seed)
    }

    @unsafe private static func function<T>(_ name: String, as type: T.Type) -> T {
      guard let symbol = unsafe dlsym(nil, name) else {
        preconditionFailure("the fault library is not loaded")
      }
      return unsafe unsafeBitCast(symbol, to: type)
    }

    private static func run(_ arguments: [String]) -> Int32 {
      var process: pid_t = 0
      var strings = unsafe arguments.map { unsafe strdup($0) } + [nil]
      defer { unsafe strings.forEach { unsafe free($0) } }
      guard unsafe posix_spawnp(&process, arguments[0], nil, nil, &strings, environ) == 0 else { return -1 }
      var status: Int32 = 0
      while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
      return status
    }
  }
#endif
