import Etcd
import Foundation
import Keyspace
import TestSupport
import Testing
import ThrowawayEtcd

/// The effects of the record, seen from outside: the number of calls of a plan, and what is removed with a
/// node.
@Suite(.serialized, .startsEtcd, .timeLimit(.minutes(30))) struct UnchangedTests {
  @Test(arguments: [Server.all.first, Server.all.last].compactMap { $0 })
  func anUnchangedClusterIsRecognisedInTheSameFewCalls(server: Server) async throws {
    let folder = try TemporaryFolder()
    let cluster = try await ThrowawayEtcd.start(members: 1, binary: server.binary, in: folder.path)
    defer { cluster.stop() }
    func bulkhead(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path)
    }
    #expect(
      try bulkhead("init", "--ca", "etcd-ca/ca.crt", "--endpoint", "\(cluster.endpoints[0])").code == 0)
    let file = folder.path + "/bulkhead.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    func write(nodes: [String]) throws {
      try (text + "isolation: node-user\nnodes: [\(nodes.joined(separator: ", "))]\n").write(
        toFile: file, atomically: true, encoding: .utf8)
    }
    /// The number of calls that the member has started to handle.
    func calls() async throws -> Double {
      try await Metrics.read(from: cluster.endpoints[0], as: cluster.root).values
        .filter { $0.key.hasPrefix("grpc_server_started_total{") }.values.reduce(0, +)
    }
    func callsOf(_ body: () throws -> Void) async throws -> Double {
      let before = try await calls()
      try body()
      return try await calls() - before
    }

    var counts: [Double] = []
    for number in [2, 30] {
      let nodes = (1...number).map { "node-\($0)" }
      try write(nodes: nodes)
      let applied = try bulkhead("apply", "--enable-auth", "--watch", "0")
      #expect(applied.code == 0, "\(applied.all)")
      counts.append(
        try await callsOf {
          let plan = try bulkhead("plan", "--output", "json")
          #expect(plan.code == 0 && plan.out.contains(#""unchanged" : true"#), "\(plan.all)")
        })
      let everything = try await callsOf {
        let plan = try bulkhead("plan", "--full")
        #expect(plan.code == 0 && !plan.out.contains("unchanged"), "\(plan.all)")
      }
      #expect(everything > Double(4 * number))
    }
    #expect(counts.first == counts.last, "\(counts)")
    #expect(counts.allSatisfy { $0 <= 8 }, "\(counts)")

    // Someone changes something manually.
    let credentials = cluster.root
    func etcdctl(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(
        server.etcdctl,
        [
          "--endpoints=\(cluster.endpoints[0])", "--cacert=\(credentials.authority)",
          "--cert=\(credentials.certificate)", "--key=\(credentials.key)",
        ] + arguments, in: folder.path, environment: ["ETCDCTL_API": "3"])
    }
    #expect(
      try etcdctl("role", "grant-permission", "calico-node", "read", "/other/", "--prefix").code == 0)
    let drifted = try bulkhead("plan")
    #expect(drifted.code == 2)
    #expect(drifted.out.contains("extra: role calico-node: it may read /other/* too"), "\(drifted.all)")

    // A node that is removed from the file loses its users at once, and only root can read the record.
    try write(nodes: (2...30).map { "node-\($0)" })
    #expect(try bulkhead("apply").code == 1)
    let removed = try bulkhead("apply", "--yes")
    #expect(removed.code == 0, "\(removed.all)")
    let users = try etcdctl("user", "list").out.split(separator: "\n").map(String.init)
    #expect(users.contains("calico-node.node-2") && !users.contains("calico-node.node-1"))
    let roles = try etcdctl("role", "list").out.split(separator: "\n").map(String.init)
    #expect(roles.contains("calico-node.node-2") && !roles.contains("calico-node.node-1"))
    #expect(try etcdctl("get", "--prefix", "/bulkhead/v1/records/").out.contains("calico-node.node-30"))
    #expect(try bulkhead("certs", "issue").code == 0)
    let node = try Program.run(
      server.etcdctl,
      [
        "--endpoints=\(cluster.endpoints[0])", "--cacert=\(credentials.authority)",
        "--cert=\(folder.path)/pki/clients/calico-node.node-2.crt",
        "--key=\(folder.path)/pki/clients/calico-node.node-2.key", "get", "--prefix", "/bulkhead/v1/records/",
      ], in: folder.path, environment: ["ETCDCTL_API": "3"])
    #expect(node.code != 0 && node.error.contains("permission denied"), "\(node.all)")
    #expect(try bulkhead("plan").out.contains("neither the file nor etcd has changed"))
  }

  @Test func aPlanReportsAConcurrentApply() async throws {
    let folder = try TemporaryFolder()
    let server = try #require(Server.all.first)
    let cluster = try await ThrowawayEtcd.start(members: 1, binary: server.binary, in: folder.path)
    defer { cluster.stop() }
    @Sendable func bulkhead(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path)
    }
    #expect(
      try bulkhead("init", "--ca", "etcd-ca/ca.crt", "--endpoint", "\(cluster.endpoints[0])").code == 0)
    let value = #"{"host":"host-1","process":4711,"since":"2027-01-15T08:00:00Z","user":"alice"}"#
    try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(120)) { etcd in
      func hold() async throws -> Lease {
        let lease = try await etcd.grantLease(seconds: 600)
        let revision = try await etcd.put(
          Array(value.utf8), at: "/bulkhead/v1/lock", with: lease, onlyIf: "/bulkhead/v1/lock", wasMadeAt: 0)
        #expect(revision != nil)
        return lease
      }
      func expectTold(_ code: Int32) throws {
        let text = try bulkhead("plan")
        #expect(text.code == code, "\(text.all)")
        #expect(
          text.out.hasPrefix(
            "! alice on host-1, process 4711, since 2027-01-15T08:00:00Z, is changing this cluster's users and roles"
          ), "\(text.all)")
        let json = try bulkhead("plan", "--output", "json")
        let result = try #require(
          try JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [String: Any])
        let lock = try #require(result["lock"] as? [String: Any], "\(json.all)")
        #expect(lock["process"] as? Int == 4711 && lock["user"] as? String == "alice")
        #expect(lock["since"] as? String == "2027-01-15T08:00:00Z" && lock["state"] as? String == "held")
        #expect(result["cluster"] != nil && result["changes"] != nil, "\(json.all)")
      }
      // With changes to make, and without.
      let lease = try await hold()
      try expectTold(2)
      try await etcd.revoke(lease)
      #expect(try bulkhead("apply").code == 0)
      let free = try bulkhead("plan", "--output", "json")
      #expect(free.code == 0 && !free.out.contains(#""lock""#), "\(free.all)")
      _ = try await hold()
      try expectTold(0)
    }
  }

  @Test func aPausedApplyStopsAndTheLockOfAKilledOneExpires() async throws {
    let folder = try TemporaryFolder()
    let server = try #require(Server.all.last)
    let cluster = try await ThrowawayEtcd.start(members: 1, binary: server.binary, in: folder.path)
    defer { cluster.stop() }
    #expect(
      try Program.bulkhead(
        "init", "--ca", "etcd-ca/ca.crt", "--endpoint", "\(cluster.endpoints[0])", in: folder.path
      ).code == 0)
    let file = folder.path + "/bulkhead.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    func lock() async throws -> String? {
      try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(120)) {
        try await $0.value(of: "/bulkhead/v1/lock").map { String(decoding: $0, as: UTF8.self) }
      }
    }
    var nodes = 0
    /// Sends a signal to an apply that has just created its first roles and still holds the lock. On a busy machine it
    /// may have ended before: then another one gets more to do.
    func interruptedApply(_ signal: Int32) async throws -> (process: Process, error: Pipe) {
      for _ in 1...6 {
        nodes += max(200, nodes)
        let list = (1...nodes).map { "node-\($0)" }.joined(separator: ", ")
        try (text + "isolation: node-user\nnodes: [\(list)]\n").write(
          toFile: file, atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = ["apply"]
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.standardOutput = FileHandle.nullDevice
        let error = Pipe()
        process.standardError = error
        try process.runHearingSignals()
        try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(120)) {
          etcd in
          let before = try await etcd.roles().count
          while process.isRunning, try await etcd.roles().count < before + 5 {}
          kill(process.processIdentifier, signal)
        }
        if try await lock()?.contains(#""process":\#(process.processIdentifier)"#) == true {
          return (process, error)
        }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
      }
      return try #require(nil, "each apply ended before it was interrupted, the last one with \(nodes) nodes")
    }

    // Paused until its lock has expired: it must not write any more.
    let (paused, error) = try await interruptedApply(SIGSTOP)
    #expect(
      try await eventually(within: .seconds(300)) { try await lock() == nil }, "the lock has not expired")
    kill(paused.processIdentifier, SIGCONT)
    paused.waitUntilExit()
    let story = String(decoding: try error.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    #expect(paused.terminationStatus == 1, "\(story)")
    #expect(story.contains("the lock on the cluster's users and roles was lost"), "\(story)")

    let (killed, _) = try await interruptedApply(SIGKILL)
    killed.waitUntilExit()
    #expect(killed.terminationReason == .uncaughtSignal)
    let impatient = try Program.bulkhead("apply", "--wait", "0", in: folder.path)
    #expect(impatient.code == 1)
    #expect(impatient.error.contains("process \(killed.processIdentifier)"), "\(impatient.all)")
    let patient = try Program.bulkhead("apply", "--wait", "120", in: folder.path)
    #expect(patient.code == 0, "\(patient.all)")
    #expect(try Program.bulkhead("plan", "--full", in: folder.path).code == 0)
  }
}
