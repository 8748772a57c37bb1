// swift-tools-version: 6.2
import PackageDescription

// MARK: - How every room is built

/// Warnings are errors if CI is set; locally, unfinished work can still be built.
let strict: [SwiftSetting] =
  [.enableUpcomingFeature("MemberImportVisibility")]
  + (Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)])

/// A room with Bulkhead's own logic. Its imports are listed here and nowhere else.
func room(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [],
  resources: [Resource]? = nil
) -> Target {
  .target(
    name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: strict)
}

/// A room of the ground floor: a general library that depends on nothing of Bulkhead.
func ground(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, path: "Sources/Ground/\(name)", swiftSettings: strict)
}

/// A C library of the distribution. Exactly one room imports it.
func system(_ name: String, pkgConfig: String, package: String) -> Target {
  .systemLibrary(
    name: name, path: "Sources/System/\(name)", pkgConfig: pkgConfig, providers: [.apt([package])])
}

/// The tests of a room, which mirror its folder.
func tests(_ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, path: path,
    swiftSettings: strict)
}

func groundTests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  tests(name, dependencies, path: "Tests/Ground/\(name)Tests")
}

/// A target that is neither a room nor a test: helpers that tests share, and what `make bench` runs.
func helper(_ name: String, _ dependencies: [Target.Dependency], path: String) -> Target {
  .target(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

func program(
  _ name: String, _ dependencies: [Target.Dependency], path: String? = nil, resources: [Resource]? = nil
) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, path: path, resources: resources, swiftSettings: strict)
}

// MARK: - The rooms

let systemLibraries: [Target] = [
  system("COpenSSL", pkgConfig: "openssl", package: "libssl-dev"),
  system("CNghttp2", pkgConfig: "libnghttp2", package: "libnghttp2-dev"),
  system("CLibyaml", pkgConfig: "yaml-0.1", package: "libyaml-dev"),
  system("CSQLite", pkgConfig: "sqlite3", package: "libsqlite3-dev"),
  // Not a library: the few Linux calls that Swift's Glibc module does not export.
  .systemLibrary(name: "CLinux", path: "Sources/System/CLinux"),
  // The same for posix_spawn.
  .systemLibrary(name: "CSpawn", path: "Sources/System/CSpawn"),
  // What the linker wrote into the executable.
  .systemLibrary(name: "CBuildNote", path: "Sources/System/CBuildNote"),
]

let groundRooms: [Target] = [
  ground("Text"),
  ground("Cryptography", ["COpenSSL"]),
  ground("JOSE", ["Cryptography"]),
  ground("Network", ["Cryptography", "CLinux"]),
  ground("HTTP", ["Text", "Network", "Cryptography"]),
  ground("Protobuf"),
  ground("GRPC", ["Text", "Network", "Cryptography", "CNghttp2"]),
  ground("YAML", ["CLibyaml"]),
  ground("Database", ["CSQLite"]),
  ground("Arguments", ["Text"]),
  ground("Log"),
  ground("Services"),
]

let rooms: [Target] = [
  // Floor 0: nothing of Bulkhead below.
  room("Errors"),
  room("Keyspace", ["Text"]),
  room("Files", ["Errors"]),
  room("StrictYAML", ["YAML", "Text"]),
  room("Processes", ["CSpawn"]),
  room("Names", ["Errors", "Text"]),
  room("Enrolment"),
  room("AgentFile", ["YAML"]),
  room("Release", ["CBuildNote"]),
  // Floor 1.
  room("Printing", ["Text"]),
  room("Catalogue", ["Errors", "Keyspace", "YAML"], resources: [.embedInCode("Data")]),
  room(
    "Etcd", ["Errors", "Keyspace", "Names", "Cryptography", "Network", "HTTP", "GRPC", "Protobuf"]),
  room("Credentials", ["Errors", "Files", "Names", "Text", "Cryptography"]),
  room(
    "Certificates",
    ["Credentials", "Errors", "Files", "Names", "Processes", "Text", "Cryptography", "Database"]),
  room("Manifests", ["Errors", "AgentFile", "Text", "Cryptography", "YAML"]),
  room(
    "CertificateSources",
    ["Errors", "Enrolment", "Credentials", "Files", "Names", "Text", "Cryptography", "Network", "HTTP"]),
  // Floor 2.
  room("Terminal", ["Errors", "Printing", "Text", "Arguments", "Log"]),
  room("Segmentation", ["Errors", "Catalogue", "Keyspace", "Names", "StrictYAML", "Text", "YAML"]),
  // Floor 3.
  room(
    "Reconciliation",
    [
      "Errors", "Segmentation", "Catalogue", "Keyspace", "Etcd", "Names", "StrictYAML", "Text",
      "Cryptography",
    ]),
  room(
    "Discovery", ["Catalogue", "Credentials", "Etcd", "Names", "Segmentation", "YAML"]),
  room(
    "Verification",
    ["Errors", "Segmentation", "Keyspace", "Names", "Etcd", "Reconciliation", "Certificates", "Catalogue"],
    resources: [.embedInCode("Advisories/Data")]),
  room(
    "Reporting",
    [
      "Printing", "Segmentation", "Catalogue", "Keyspace", "Names", "Etcd", "Reconciliation", "Verification",
      "Certificates", "Cryptography", "Text",
    ]),
  room("Rollover", ["Errors", "Certificates", "Names", "Etcd", "Files"]),
  room(
    "ThrowawayEtcd", ["Errors", "Certificates", "Names", "Etcd", "Files", "Keyspace", "Processes", "Text"]),
  room(
    "NodeDelivery",
    ["Errors", "AgentFile", "Segmentation", "Catalogue", "Names", "Files", "Text", "Cryptography", "YAML"],
    resources: [.embedInCode("OnHosts")]),
  room(
    "Agent",
    [
      "Errors", "AgentFile", "Names", "CertificateSources", "Credentials", "Files", "Processes",
      "StrictYAML", "YAML",
      "Text", "Network", "HTTP", "Log", "Services",
    ]),
  room(
    "AuthorityServer",
    [
      "Errors", "Enrolment", "Names", "Segmentation", "Catalogue", "Certificates", "Files", "Cryptography",
      "JOSE", "Network", "HTTP", "Log", "Services", "StrictYAML", "Text",
    ]),
  // Floor 4.
  room(
    "AgentProgram",
    ["Agent", "Arguments", "Credentials", "Log", "Printing", "Processes", "Release", "Terminal"]),
  program("bulkhead-agent", ["AgentProgram", "Terminal"]),
  program(
    "bulkhead",
    [
      "Reporting", "Terminal", "Release", "Manifests", "Rollover", "ThrowawayEtcd", "NodeDelivery",
      "Agent", "AgentFile", "AgentProgram", "AuthorityServer", "Discovery",
      "Files",
      "Processes", "StrictYAML", "Catalogue", "Certificates", "Names", "Etcd", "Keyspace",
      "Reconciliation", "Segmentation", "Verification", "Text", "Cryptography", "Arguments", "Log",
      "Services", "GRPC", "YAML", "Database",
    ],
    resources: [.embedInCode("Example"), .embedInCode("Schema")]),
]

let benchmarks: [Target] = [
  program(
    "enrolment-storm", ["Certificates", "Enrolment", "Cryptography", "HTTP"],
    path: "Benchmarks/EnrolmentStorm"),
  program(
    "certificate-benchmark", ["Certificates", "Cryptography"], path: "Benchmarks/CertificateBenchmark"),
  program(
    "naive-writes", ["Reconciliation", "Segmentation", "Catalogue", "Etcd"],
    path: "Benchmarks/NaiveWrites"),
  program("range-calls", ["Etcd", "ThrowawayEtcd", "Keyspace"], path: "Benchmarks/RangeCalls"),
  program(
    "probe-calls", ["Verification", "Segmentation", "Catalogue", "Certificates", "Etcd", "Keyspace"],
    path: "Benchmarks/ProbeCalls"),
]

let allTests: [Target] = [
  groundTests("Text"),
  groundTests("Cryptography", ["Text", "TestCertificates", "TestSupport"]),
  groundTests("JOSE", ["Cryptography"]),
  groundTests("Network", ["Cryptography", "TestCertificates", "TestSupport"]),
  groundTests("HTTP", ["Network", "Cryptography"]),
  groundTests("Protobuf", ["TestSupport"]),
  groundTests("GRPC", ["Network", "Cryptography", "TestCertificates"]),
  groundTests("YAML", ["TestSupport"]),
  groundTests("Database", ["TestDisks", "TestSupport"]),
  groundTests("Arguments"),
  groundTests("Log"),
  groundTests("Services"),
  tests("Keyspace", ["Etcd", "TestClusters", "TestSupport"]),
  tests("Names"),
  tests("Processes", ["TestSupport"]),
  tests(
    "Segmentation", ["Catalogue", "Keyspace", "Names", "StrictYAML", "TestSupport", "TestRecords"]),
  tests("Files", ["TestDisks", "TestSupport"]),
  tests("StrictYAML"),
  tests("AgentFile", ["Agent"]),
  tests("NodeDelivery", ["Agent", "AgentFile", "Segmentation", "Catalogue", "Names", "YAML"]),
  tests("Catalogue", ["Keyspace"]),
  tests(
    "Discovery",
    ["Cryptography", "Etcd", "Names", "Segmentation", "TestCertificates", "TestClusters", "ThrowawayEtcd"]),
  tests(
    "Certificates", ["Files", "Names", "Etcd", "ThrowawayEtcd", "Database", "Cryptography", "TestSupport"]),
  tests(
    "Rollover", ["Certificates", "Names", "Etcd", "Files", "Keyspace", "ThrowawayEtcd", "TestSupport"]),
  tests("Manifests", ["YAML", "TestSupport"]),
  tests(
    "Agent",
    [
      "TestSupport", "TestDisks", "TestSources", "AgentFile", "Names", "CertificateSources", "Certificates",
      "Files",
      "StrictYAML", "Log",
    ]),
  tests("CertificateSources", ["TestSources", "Certificates", "Files"]),
  tests(
    "AuthorityServer",
    [
      "TestSources", "TestDisks", "Rollover", "Enrolment", "Names", "Certificates", "Files", "Log", "HTTP",
      "Network",
      "Cryptography", "Catalogue", "Segmentation",
    ]),
  tests("ThrowawayEtcd", ["Etcd", "TestClusters"]),
  tests(
    "Etcd",
    [
      "Keyspace", "Certificates", "Names", "ThrowawayEtcd", "TestClusters", "TestSupport", "GRPC",
      "Protobuf",
    ]),
  tests(
    "Reconciliation",
    [
      "ThrowawayEtcd", "Segmentation", "Catalogue", "Names", "Etcd", "Keyspace", "TestClusters",
      "TestSupport",
    ]),
  tests(
    "Verification",
    [
      "ThrowawayEtcd", "Segmentation", "Reconciliation", "Etcd", "Keyspace", "TestClusters", "TestSupport",
      "Catalogue", "Certificates", "Names", "TestRecords", "HTTP",
    ]),
  tests("Reporting", ["Segmentation", "Catalogue"]),
  // What tests of many rooms need: a seeded generator, a temporary folder, waiting for a condition.
  helper("TestSupport", [], path: "Tests/TestSupport"),
  // An authority whose certificates are good, or wrong in one way.
  helper("TestCertificates", ["Cryptography"], path: "Tests/TestCertificates"),
  // The real servers that several of them use.
  helper(
    "TestClusters", ["ThrowawayEtcd", "Certificates", "Etcd", "Keyspace", "Names", "TestSupport"],
    path: "Tests/TestClusters"),
  // What real programs sent to etcd, where the records are.
  helper("TestRecords", ["Catalogue", "Keyspace"], path: "Tests/TestRecords"),
  // A small disk, for tests of a full one.
  helper("TestDisks", ["Files"], path: "Tests/TestDisks"),
  // A source of certificates that misbehaves on request.
  helper(
    "TestSources",
    ["Certificates", "Enrolment", "Files", "Names", "Cryptography", "JOSE", "Network", "HTTP"],
    path: "Tests/TestSources"),
  // The built program, run as users run it.
  .testTarget(
    name: "CommandLineTests",
    dependencies: [
      "TestSupport", "bulkhead", "bulkhead-agent", "ThrowawayEtcd", "TestClusters", "TestSources", "Etcd",
      "Certificates",
      "Files",
      "Keyspace", "HTTP", "Names",
    ],
    exclude: ["Transcripts"], swiftSettings: strict),
]

/// `make fuzz`: a program with libFuzzer's `main`.
let fuzzers: [Target] =
  Context.environment["BULKHEAD_BUILD"] != "fuzz"
  ? []
  : [
    .executableTarget(
      name: "fuzz", dependencies: ["Cryptography", "JOSE", "YAML", "Protobuf", "HTTP", "GRPC"],
      path: "Fuzz/Targets",
      swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
  ]

let all = fuzzers + systemLibraries + groundRooms + rooms + benchmarks + allTests

/// `make sanitize` and `make fuzz` build the ground floor and its tests only.
let isGroundOnly = ["ground", "fuzz"].contains(Context.environment["BULKHEAD_BUILD"])

extension Target {
  var isGround: Bool {
    type == .system || ["TestSupport", "TestCertificates", "TestDisks", "Files", "Errors"].contains(name)
      || ["Sources/Ground/", "Tests/Ground/", "Fuzz"].contains { path?.hasPrefix($0) ?? false }
  }
}

let package = Package(
  name: "bulkhead",
  products: isGroundOnly ? [] : ["bulkhead", "bulkhead-agent"].map { .executable(name: $0, targets: [$0]) },
  targets: isGroundOnly ? all.filter(\.isGround) : all,
  swiftLanguageModes: [.v6]
)
