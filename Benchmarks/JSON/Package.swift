// swift-tools-version: 6.2
import PackageDescription

// The model is a symbolic link to the server's own sources, so that `package` declarations are in reach.
// simdjson comes from the system: apt-get install libsimdjson-dev.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
  name: "json-benchmark",
  platforms: [.macOS(.v15)],
  targets: [
    .target(name: "VectorModel", swiftSettings: settings),
    .target(
      name: "CSimdjson",
      cxxSettings: [.unsafeFlags(["-O3", "-march=native", "-std=c++17"])],
      linkerSettings: [.linkedLibrary("simdjson")]),
    .executableTarget(
      name: "JSONBenchmark", dependencies: ["VectorModel", "CSimdjson"], swiftSettings: settings),
  ]
)
