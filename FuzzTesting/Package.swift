// swift-tools-version: 6.2
import PackageDescription

// libFuzzer on everything that strangers' bytes reach. The modules under test are links into the checkout, so that
// their `package` declarations can be called.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  // Coverage guides the fuzzer.
  .unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"]),
]
let linking: [LinkerSetting] = [.unsafeFlags(["-sanitize=fuzzer"])]
let nio: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
  .product(name: "NIOHTTP1", package: "swift-nio"),
  .product(name: "NIOSSL", package: "swift-nio-ssl"),
]

let package = Package(
  name: "needletail",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .systemLibrary(name: "CLMDB"),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd"),
    .target(name: "CChecksum", cSettings: [.unsafeFlags(["-O3"])]),
    .target(name: "CSHA256", cSettings: [.unsafeFlags(["-O3"])]),
    .target(name: "CScheduling"),
    .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3"])]),
    .target(name: "CFuzzing"),
    .target(name: "VectorModel", swiftSettings: settings),
    .target(
      name: "VectorIndex",
      dependencies: [
        "VectorModel", "CKernels", "CScheduling",
        .product(name: "HashTreeCollections", package: "swift-collections"),
      ],
      swiftSettings: settings),
    .target(
      name: "VectorStorage", dependencies: ["VectorModel", "CLMDB", "CZstd", "CChecksum", "CScheduling"],
      swiftSettings: settings),
    .target(
      name: "VectorEngine",
      dependencies: [
        "VectorModel", "VectorIndex", "VectorStorage", "CSHA256", "CScheduling",
        .product(name: "HashTreeCollections", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .target(
      name: "VectorServer",
      dependencies: nio + [
        "VectorModel", "VectorEngine", "CChecksum",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings),
    .target(name: "VectorClient", dependencies: nio + ["VectorModel", "CChecksum"], swiftSettings: settings),

    .executableTarget(
      name: "FuzzRequest", dependencies: ["VectorModel", "CFuzzing"], swiftSettings: settings,
      linkerSettings: linking),
    .executableTarget(
      name: "FuzzAnswer", dependencies: ["VectorModel", "CFuzzing"], swiftSettings: settings,
      linkerSettings: linking),
    .executableTarget(
      name: "FuzzConnection",
      dependencies: [
        "VectorModel", "VectorServer", "CFuzzing", .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: settings, linkerSettings: linking),
  ],
  cLanguageStandard: .c17
)
