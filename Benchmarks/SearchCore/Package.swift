// swift-tools-version: 6.2
import PackageDescription

// The modules under test are links into the checkout, so that their `package` declarations can be called.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
]
let package = Package(
  name: "needletail",
  dependencies: [.package(url: "https://github.com/apple/swift-collections", from: "1.6.0")],
  targets: [
    .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3"])]),
    .target(name: "CScheduling"),
    .target(name: "VectorModel", swiftSettings: settings),
    .target(
      name: "VectorIndex",
      dependencies: [
        "VectorModel", "CKernels", "CScheduling",
        .product(name: "HashTreeCollections", package: "swift-collections"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "IncrementalBench", dependencies: ["VectorModel", "VectorIndex"], swiftSettings: settings),
    .executableTarget(
      name: "TierBench", dependencies: ["VectorModel", "VectorIndex"], swiftSettings: settings),
    .executableTarget(
      name: "SearchCoreBench", dependencies: ["VectorModel", "VectorIndex", "CKernels"],
      swiftSettings: settings),
  ],
  cLanguageStandard: .c17
)
