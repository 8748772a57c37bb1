import Etcd
import Foundation
import Keyspace
import TestSupport
import Testing
import ThrowawayEtcd

/// The program is killed at any moment of an apply, as by a power cut.
@Suite(.serialized, .startsEtcd, .timeLimit(.minutes(30))) struct KilledApplyTests {
  private static func file(_ cluster: ThrowawayEtcd, range: String) -> String {
    """
    apiVersion: bulkhead/v1
    kind: Segmentation
    cluster: test
    calico: {version: v3.32.1}
    etcd:
      endpoints: ["\(cluster.endpoints[0])"]
      ca: etcd-ca/ca.crt
      certificate: pki/clients/root.crt
      key: pki/clients/root.key
    custom:

    """
      + (0..<40).map {
        "  - {user: user-\($0), grants: [{prefix: /kept-\($0)/, access: readwrite}, {prefix: /\(range)-\($0)/, access: readwrite}]}\n"
      }.joined()
  }

  @Test(arguments: Server.all.filter { $0.version == "3.5.30" && $0.members == 1 })
  func noUserLosesAccess(server: Server) async throws {
    let folder = try TemporaryFolder()
    let cluster = try await ThrowawayEtcd.start(members: 1, binary: server.binary, in: folder.path)
    defer { cluster.stop() }
    func bulkhead(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path)
    }
    func write(_ range: String) throws {
      try Self.file(cluster, range: range).write(
        toFile: folder.path + "/bulkhead.yaml", atomically: true, encoding: .utf8)
    }
    func authRevision() async throws -> Int64? {
      try await Metrics.read(from: cluster.endpoints[0], as: cluster.root).authRevision
    }

    try write("a")
    #expect(try bulkhead("certs", "issue").code == 0)
    let first = try bulkhead("apply", "--enable-auth", "--watch", "0")
    #expect(first.code == 0, "\(first.all)")
    let seed = UInt64.random(in: 0...(.max))
    var random = SeededGenerator(seed: seed)
    for round in 0..<4 {
      try write(round % 2 == 0 ? "b" : "a")
      let before = try await authRevision()
      let process = Process()
      process.executableURL = URL(fileURLWithPath: Program.path)
      process.arguments = ["apply", "--yes"]
      process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.runHearingSignals()
      // Only once it has started: it may wait for the lock of the killed process before it.
      while process.isRunning, try await authRevision() == before {
        try await Task.sleep(for: .milliseconds(2))
      }
      try await Task.sleep(for: .milliseconds(Int.random(in: 0...120, using: &random)))
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()

      for user in [0, 19, 39] {
        try await EtcdClient.connect(to: cluster.endpoints, as: cluster.credentials(of: "user-\(user)")) {
          #expect(
            await $0.mayWrite(.prefix(.init("/kept-\(user)/"))) == .allowed, "round \(round), seed \(seed)")
          #expect(
            await $0.mayRead(.prefix(.init("/kept-\(user)/"))) == .allowed, "round \(round), seed \(seed)")
        }
      }
    }
    let last = try bulkhead("apply", "--yes")
    #expect(last.code == 0, "\(last.all)")
    let settled = try bulkhead("plan")
    #expect(settled.code == 0, "\(settled.all)")
  }
}
