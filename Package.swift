// swift-tools-version: 6.2
import PackageDescription

/// Warnings are errors where CI is set; a developer's half-finished work may still be built.
let strict: [SwiftSetting] = Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

/// A room of the house: what it holds is in its name, what it may import is listed here and nowhere else.
func room(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [],
  resources: [Resource]? = nil
) -> Target {
  .target(
    name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: strict)
}

/// The tests of a room, which mirror its folder.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, swiftSettings: strict)
}

let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let serviceLifecycle: Target.Dependency = .product(
  name: "ServiceLifecycle", package: "swift-service-lifecycle")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "bulkhead",
  products: [.executable(name: "bulkhead", targets: ["bulkhead"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
    .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
    .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.1"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // Floor 0: nothing below.
    room("Keyspace"),
    room("Files"),
    room("StrictYAML", [yams]),
    room("Processes"),
    room("Endpoints"),
    room("Enrolment"),
    // Floor 1.
    room("Catalogue", ["Keyspace", yams], resources: [.embedInCode("Data")]),
    room(
      "Etcd",
      [
        "Keyspace", "Endpoints",
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2", package: "grpc-swift-nio-transport"),
        .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      exclude: ["Protos"]),
    room(
      "Certificates",
      [
        "Files",
        .product(name: "X509", package: "swift-certificates"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        grdb,
      ]),
    room("Manifests", [yams]),
    room(
      "CertificateSources",
      [
        "Enrolment", "Certificates", "Files",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ]),
    // Floor 2.
    room("Segmentation", ["Catalogue", "Keyspace", "Endpoints", "StrictYAML", yams]),
    // Floor 3.
    room(
      "Reconciliation",
      [
        "Segmentation", "Etcd", "Endpoints", "Certificates",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
      ]),
    room("Verification", ["Segmentation", "Etcd", "Certificates"]),
    room("Reporting", ["Segmentation", "Reconciliation", "Verification", "Certificates", "Agent"]),
    room("Rollover", ["Certificates", "Endpoints", "Etcd", "Files"]),
    room("ThrowawayEtcd", ["Certificates", "Endpoints", "Etcd", "Files", "Processes"]),
    room(
      "NodeDelivery",
      ["Segmentation", "Catalogue", "Endpoints", "Files", .product(name: "Crypto", package: "swift-crypto")],
      resources: [.embedInCode("OnHosts")]),
    room(
      "Agent",
      [
        "CertificateSources", "Certificates", "Files", "Processes", "StrictYAML", yams, serviceLifecycle,
        .product(name: "UnixSignals", package: "swift-service-lifecycle"), logging, hummingbird,
      ]),
    room(
      "AuthorityServer",
      [
        "Enrolment", "Segmentation", "Catalogue", "Certificates", "Files", "StrictYAML", serviceLifecycle,
        logging, hummingbird,
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "JWTKit", package: "jwt-kit"),
      ]),
    // Floor 4.
    .executableTarget(
      name: "bulkhead",
      dependencies: [
        "Reporting", "Manifests", "Rollover", "ThrowawayEtcd", "NodeDelivery", "Agent", "AuthorityServer",
        "Files", "Processes", "StrictYAML", argumentParser, logging,
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      resources: [.embedInCode("Example")],
      swiftSettings: strict),
    // What `make bench` times beside other programs.
    .executableTarget(
      name: "enrolment-storm",
      dependencies: [
        "Certificates", "Enrolment",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      path: "Benchmarks/EnrolmentStorm", swiftSettings: strict),
    .executableTarget(
      name: "certificate-benchmark",
      dependencies: ["Certificates", .product(name: "Crypto", package: "swift-crypto")],
      path: "Benchmarks/CertificateBenchmark", swiftSettings: strict),
    .executableTarget(
      name: "naive-writes", dependencies: ["Reconciliation"], path: "Benchmarks/NaiveWrites",
      swiftSettings: strict),
    // The tests mirror the rooms.
    tests("Keyspace", ["Etcd", "TestClusters"]),
    tests("Endpoints"),
    tests("Segmentation", ["Catalogue", "Keyspace", "Endpoints", "StrictYAML"]),
    tests("Files", ["TestDisks"]),
    tests("StrictYAML"),
    tests("NodeDelivery", ["Agent", "Segmentation", "Catalogue", "Endpoints", "Files", yams]),
    tests("Catalogue", ["Keyspace"]),
    tests("Certificates", ["Files", "Etcd", "Endpoints", "Processes", "ThrowawayEtcd", grdb]),
    tests("Rollover", ["Certificates", "Endpoints", "Etcd", "Files", "Keyspace", "ThrowawayEtcd"]),
    tests("Manifests", [yams]),
    tests("Agent", ["TestDisks", "CertificateSources", "Certificates", "Files", "StrictYAML", logging]),
    tests("CertificateSources", ["TestSources", "Certificates", "Files"]),
    tests(
      "AuthorityServer",
      [
        "TestSources", "TestDisks", "Rollover", "Enrolment", "Segmentation", "Catalogue", "Certificates",
        "Files", logging,
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "X509", package: "swift-certificates"),
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    tests("ThrowawayEtcd", ["Etcd", "TestClusters"]),
    tests("Etcd", ["Keyspace", "Certificates", "Endpoints", "ThrowawayEtcd", "TestClusters"]),
    tests("Reconciliation", ["ThrowawayEtcd", "Segmentation", "Etcd", "Keyspace", "TestClusters"]),
    tests(
      "Verification", ["ThrowawayEtcd", "Segmentation", "Reconciliation", "Etcd", "Keyspace", "TestClusters"]),
    // The real servers that several of them use.
    .target(
      name: "TestClusters", dependencies: ["ThrowawayEtcd", "Certificates", "Etcd"],
      path: "Tests/TestClusters",
      swiftSettings: strict),
    // A disk that is full soon.
    .target(
      name: "TestDisks", dependencies: ["Files"], path: "Tests/TestDisks", swiftSettings: strict),
    // A source of certificates that can be told to misbehave.
    .target(
      name: "TestSources",
      dependencies: [
        "Certificates", "Enrolment", "Files", hummingbird, logging, serviceLifecycle,
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "JWTKit", package: "jwt-kit"),
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      path: "Tests/TestSources",
      swiftSettings: strict),
    // The built program, run as its users run it.
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "bulkhead", "ThrowawayEtcd", "TestSources", "Etcd", "Certificates", "Files", "Keyspace", "Processes",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
      ],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
