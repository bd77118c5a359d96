// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
]

// Distances and checksums stay fast in debug builds too, so that tests can use real sizes.
let fastC: [CSetting] = [.unsafeFlags(["-O3"])]

let package = Package(
  name: "needletail",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "needletail", targets: ["needletail"]),
    .executable(name: "needletail-embedder", targets: ["needletail-embedder"]),
    .library(name: "VectorClient", targets: ["VectorClient"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .systemLibrary(name: "CLMDB", providers: [.apt(["liblmdb-dev"])]),
    .systemLibrary(name: "CRoaring", providers: [.apt(["libroaring-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .target(name: "CChecksum", cSettings: fastC),
    .target(name: "CSHA256", cSettings: fastC),
    .target(name: "CScheduling"),
    .target(name: "CKernels", cSettings: fastC),
    .target(name: "CMiniLM", cSettings: fastC, linkerSettings: [.linkedLibrary("openblas")]),
    .target(name: "CONNXRuntime"),
    .target(name: "CLanguage", linkerSettings: [.linkedLibrary("cld2")]),
    .target(name: "CSentencePiece", linkerSettings: [.linkedLibrary("sentencepiece")]),

    .target(name: "VectorModel", swiftSettings: settings),
    .target(
      name: "VectorIndex",
      dependencies: [
        "VectorModel", "CKernels", "CScheduling",
        .product(name: "HashTreeCollections", package: "swift-collections"),
      ],
      swiftSettings: settings),
    .target(
      name: "VectorStorage",
      dependencies: ["VectorModel", "CLMDB", "CZstd", "CChecksum", "CScheduling"],
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
      dependencies: [
        "VectorModel", "VectorEngine", "CChecksum",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings),
    .target(
      name: "VectorClient",
      dependencies: [
        "VectorModel", "CChecksum",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: settings),
    .target(
      name: "VectorEmbedder",
      dependencies: [
        "VectorModel", "CMiniLM", "CONNXRuntime", "CLanguage", "CSentencePiece", "CSHA256", "CChecksum",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "needletail",
      dependencies: [
        "VectorServer", "VectorClient", "VectorEngine", "VectorModel",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: settings),

    .executableTarget(
      name: "needletail-embedder",
      dependencies: [
        "VectorEmbedder", "VectorClient", "VectorModel",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: settings),

    .testTarget(
      name: "VectorModelTests", dependencies: ["VectorModel"], exclude: ["Wire/Fixtures"],
      swiftSettings: settings),
    .testTarget(
      name: "VectorIndexTests", dependencies: ["VectorIndex", "VectorModel", "CKernels", "CRoaring"],
      swiftSettings: settings),
    .testTarget(
      name: "VectorStorageTests", dependencies: ["VectorStorage", "VectorModel"], exclude: ["Fixtures"],
      swiftSettings: settings),
    .testTarget(
      name: "VectorEngineTests",
      dependencies: ["VectorEngine", "VectorIndex", "VectorStorage", "VectorModel", "CScheduling"],
      exclude: ["Snapshot/Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "NeedletailTests",
      dependencies: [
        "needletail", "VectorServer", "VectorModel",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "VectorClientTests",
      dependencies: [
        "VectorClient", "VectorServer", "VectorEngine", "VectorModel",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "VectorServerTests",
      dependencies: [
        "VectorServer", "VectorEngine", "VectorModel",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "VectorEmbedderTests", dependencies: ["VectorEmbedder", "VectorModel"], exclude: ["Fixtures"],
      swiftSettings: settings),
    .testTarget(
      name: "TidyTests", exclude: ["unsafe-allowed.txt"], swiftSettings: settings),
  ],
  cLanguageStandard: .c17,
  cxxLanguageStandard: .cxx17
)
