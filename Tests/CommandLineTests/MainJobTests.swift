import Etcd
import Foundation
import Names
import TestSupport
import Testing
import ThrowawayEtcd

/// The whole workflow, from one file to `verify`, on real servers, checked from outside with etcdctl.
@Suite(.serialized, .startsEtcd, .timeLimit(.minutes(30))) struct MainJobTests {
  @Test(arguments: Server.all) func oneFileBecomesASegmentedCluster(server: Server) async throws {
    let folder = try TemporaryFolder()
    let cluster = try await ThrowawayEtcd.start(
      members: server.members, binary: server.binary, in: folder.path)
    defer { cluster.stop() }
    try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(120)) {
      try await SampleData.write(to: $0)
    }
    func bulkhead(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path)
    }
    func etcdctl(as user: String, _ arguments: String...) throws -> Program.Outcome {
      let credentials = cluster.credentials(of: user)
      return try Program.run(
        server.etcdctl,
        [
          "--endpoints=\(cluster.endpoints.map(\.description).joined(separator: ","))",
          "--cacert=\(credentials.authority)", "--cert=\(credentials.certificate)",
          "--key=\(credentials.key)",
        ] + arguments, in: folder.path, environment: ["ETCDCTL_API": "3"])
    }

    let endpoints = cluster.endpoints.flatMap { ["--endpoint", "\($0)"] }
    let initialised = try Program.run(
      Program.path,
      ["init", "--cluster", "test", "--ca", "etcd-ca/ca.crt", "--calicoctl", "alice=read-only"]
        + ["--apiserver", "kube-apiserver-etcd-client"] + endpoints, in: folder.path)
    #expect(initialised.code == 0, "\(initialised.error)")
    #expect(try bulkhead("certs", "issue").code == 0)

    let plan = try bulkhead("plan")
    #expect(plan.code == 2, "\(plan.error)")
    #expect(plan.out.contains("etcdctl user add cni-plugin --no-password"))
    #expect(
      try Program.run(Program.path, ["verify"] + Program.accepted, in: folder.path).code == 2,
      "authentication is off, which is not as it should be")

    let applied = try bulkhead("apply", "--enable-auth", "--watch", "1")
    #expect(applied.code == 0, "\(applied.error)")
    let settled = try bulkhead("plan")
    #expect(settled.code == 0, "\(settled.all)")

    // A second apply changes nothing: neither the store's revision nor the auth revision.
    let before = try await revisions(cluster)
    #expect(try bulkhead("apply", "--enable-auth", "--watch", "0").code == 0)
    #expect(try await revisions(cluster) == before)

    // From outside.
    let users = try etcdctl(as: "root", "user", "list").out.split(separator: "\n").map(String.init)
    #expect(
      users.sorted() == [
        "alice", "calico-node", "cni-plugin", "kube-apiserver-etcd-client", "kube-controllers", "root",
      ])
    #expect(try etcdctl(as: "root", "role", "get", "cni-plugin").out.contains("/calico/ipam/v2/"))
    let resources = "/calico/resources/v3/projectcalico.org"
    let attempts: [(user: String, arguments: [String], isAllowed: Bool)] = [
      ("cni-plugin", ["get", "--prefix", "\(resources)/ippools/"], true),
      ("cni-plugin", ["get", "--prefix", "\(resources)/profiles/"], false),
      ("cni-plugin", ["get", "/registry/pods/shop/web"], false),
      ("cni-plugin", ["put", "/calico/ipam/v2/handle/k8s-pod-network.1", "x"], true),
      ("calico-node", ["put", "\(resources)/tiers/kube-admin", "x"], true),
      ("calico-node", ["put", "\(resources)/workloadendpoints/shop/x", "x"], false),
      ("kube-controllers", ["put", "\(resources)/workloadendpoints/shop/x", "x"], true),
      ("alice", ["get", "--prefix", "\(resources)/"], true),
      ("alice", ["put", "\(resources)/tiers/default", "x"], false),
      ("alice", ["user", "list"], false),
    ]
    for attempt in attempts {
      let outcome = try Program.run(
        server.etcdctl,
        [
          "--endpoints=\(cluster.endpoints[0])", "--cacert=\(cluster.serverAuthority)",
          "--cert=\(cluster.credentials(of: attempt.user).certificate)",
          "--key=\(cluster.credentials(of: attempt.user).key)",
        ] + attempt.arguments, in: folder.path, environment: ["ETCDCTL_API": "3"])
      #expect(
        (outcome.code == 0) == attempt.isAllowed, "\(attempt.user) \(attempt.arguments): \(outcome.error)")
    }

    let proof = try Program.run(Program.path, ["verify"] + Program.accepted, in: folder.path)
    #expect(proof.code == 0, "\(proof.all)")
    #expect(proof.out.contains("answers are as expected"))
    #expect(proof.out.contains("nothing was changed"))

    // An additional grant is found and reported.
    #expect(
      try etcdctl(as: "root", "role", "grant-permission", "cni-plugin", "read", "/registry/pods/", "--prefix")
        .code == 0)
    #expect(
      try etcdctl(as: "root", "role", "grant-permission", "cni-plugin", "read", "--prefix", "/registry/").code
        == 0)
    let leak = try Program.run(Program.path, ["verify"] + Program.accepted, in: folder.path)
    #expect(leak.code == 2)
    #expect(
      leak.out.contains(
        "cni-plugin: read /registry/* at \(cluster.endpoints[0]): expected denied, got allowed"))
    // Its removal needs a confirmation.
    #expect(try bulkhead("apply").code == 1)
    #expect(try bulkhead("apply", "--yes").code == 0)
    #expect(try Program.run(Program.path, ["verify"] + Program.accepted, in: folder.path).code == 0)
  }

  @Test func aUserWithAnEmptyPasswordIsFoundAndRecreated() async throws {
    let folder = try TemporaryFolder()
    let server = try #require(Server.all.first)
    let cluster = try await ThrowawayEtcd.start(members: 1, binary: server.binary, in: folder.path)
    defer { cluster.stop() }
    func bulkhead(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path)
    }
    let connection = [
      "--endpoints=\(cluster.endpoints[0])", "--cacert=\(cluster.serverAuthority)",
      "--cert=\(cluster.root.certificate)", "--key=\(cluster.root.key)",
    ]
    // What etcdctl does without `--no-password` and with an empty password.
    let added = try Program.run(
      server.etcdctl, connection + ["user", "add", "cni-plugin", "--interactive=false"], in: folder.path,
      input: "\n",
      environment: ["ETCDCTL_API": "3"])
    #expect(added.code == 0, "\(added.all)")
    #expect(
      try bulkhead("init", "--ca", "etcd-ca/ca.crt", "--endpoint", "\(cluster.endpoints[0])").code == 0)
    #expect(try bulkhead("certs", "issue").code == 0)

    // While authentication is off no user can log in, so this only shows afterwards.
    let applied = try bulkhead("apply", "--enable-auth", "--watch", "0")
    #expect(applied.code == 2, "\(applied.all)")
    #expect(applied.out.contains("still to do: delete the user cni-plugin"))
    #expect(try bulkhead("apply", "--yes").code == 0)
    #expect(try bulkhead("plan").code == 0)
    let login = try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(120))
    {
      try await $0.tryEmptyPassword(ofUser: "cni-plugin")
    }
    #expect(login == .noPassword)
    #expect(try Program.run(Program.path, ["verify"] + Program.accepted, in: folder.path).code == 0)
  }

  @Test(arguments: ["node-certificate", "node-user"])
  func eachNodeCanHaveItsOwnCertificates(isolation: String) async throws {
    let folder = try TemporaryFolder()
    let server = try #require(Server.all.last)
    let cluster = try await ThrowawayEtcd.start(members: 1, binary: server.binary, in: folder.path)
    defer { cluster.stop() }
    func bulkhead(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path)
    }
    #expect(
      try bulkhead("init", "--ca", "etcd-ca/ca.crt", "--endpoint", "\(cluster.endpoints[0])").code == 0)
    let file = folder.path + "/bulkhead.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try (text + "isolation: \(isolation)\nnodes: [n1, n10]\n").write(
      toFile: file, atomically: true, encoding: .utf8)
    #expect(try bulkhead("certs", "issue").code == 0)
    let applied = try bulkhead("apply", "--enable-auth", "--watch", "0")
    #expect(applied.code == 0, "\(applied.all)")
    let proof = try Program.run(Program.path, ["verify"] + Program.accepted, in: folder.path)
    #expect(proof.code == 0, "\(proof.all)")
    let name = isolation == "node-user" ? "calico-node.n1" : "calico-node@n1"
    let attempts: [(key: String, isAllowed: Bool)] = [
      ("/calico/resources/v3/projectcalico.org/nodes/n1", true),
      ("/calico/resources/v3/projectcalico.org/nodes/n10", isolation == "node-certificate"),
    ]
    for attempt in attempts {
      let outcome = try Program.run(
        server.etcdctl,
        [
          "--endpoints=\(cluster.endpoints[0])", "--cacert=\(cluster.serverAuthority)",
          "--cert=\(folder.path)/pki/clients/\(name).crt", "--key=\(folder.path)/pki/clients/\(name).key",
          "put", attempt.key, "x",
        ], in: folder.path, environment: ["ETCDCTL_API": "3"])
      #expect((outcome.code == 0) == attempt.isAllowed, "\(attempt.key): \(outcome.all)")
    }
    let manifest = try Program.bulkhead(
      "manifest", "\(Program.root)/Sources/bulkhead/Example/calico-etcd.yaml", in: folder.path)
    #expect(manifest.code == 1)
    #expect(manifest.error.contains("isolation is '\(isolation)'"))
  }

  @Test func theDemoShowsTheMatrixAndLeavesNothingRunning() throws {
    let folder = try TemporaryFolder()
    let server = try #require(Server.all.first)
    let outcome = try Program.bulkhead(
      "demo", "--etcd", server.binary, in: folder.path, environment: ["TMPDIR": folder.path])
    #expect(outcome.code == 0, "\(outcome.all)")
    #expect(outcome.out.contains("answers are as expected"))
    #expect(!outcome.all.contains("the authority ends"), "\(outcome.all)")
    // The report alone is left, where the last lines say.
    let left = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.contains("/") }
    let name = try #require(left.first)
    #expect(left.count == 1 && name.hasSuffix("/report.html"), "\(left)")
    #expect(
      outcome.out.contains("Open the report in a browser: \(folder.path)/\(name)\n"), "\(outcome.out)")
    let report = try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
    #expect(report.contains("In force, as far as was asked") && report.contains("3 of 3 members"))
    #expect(try Program.run("/usr/bin/pgrep", ["-f", folder.path], in: folder.path).code == 1)
    expectNoKey(in: outcome.all)
  }

  @Test func aKeptDemoCanBeStartedAgain() throws {
    let folder = try TemporaryFolder()
    let server = try #require(Server.all.first)
    let kept = folder.path + "/kept"
    let outcome = try Program.bulkhead(
      "demo", "--etcd", server.binary, "--members", "1", "--keep", kept, in: folder.path)
    #expect(outcome.code == 0, "\(outcome.all)")
    for name in [
      "bulkhead.yaml", "pki/clients/cni-plugin.crt", "calico-etcd.segmented.yaml", "start", "etcdctl.env",
      "report.html",
    ] {
      #expect(FileManager.default.fileExists(atPath: "\(kept)/\(name)"), "\(name)")
    }
    let report = try String(contentsOfFile: "\(kept)/report.html", encoding: .utf8)
    #expect(report.contains("In force, as far as was asked") && report.contains("1 of 1 member"))
    let manifest = try FileManager.default.attributesOfItem(atPath: "\(kept)/calico-etcd.segmented.yaml")
    #expect(manifest[.posixPermissions] as? Int == 0o600, "it holds private keys")
    let look = """
      ./start & starter=$!
      . ./etcdctl.env
      for i in 1 2 3 4 5 6 7 8 9 10; do "$0" user list && break; sleep 1; done
      kill $starter; wait $starter
      """
    let users = try Program.run("/bin/sh", ["-c", look, server.etcdctl], in: kept)
    #expect(users.out.contains("kube-controllers"), "\(users.all)")
  }

  private func revisions(_ cluster: ThrowawayEtcd) async throws -> [Double] {
    let store = try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(120))
    {
      try await $0.revision()
    }
    let metrics = try await Metrics.read(from: cluster.endpoints[0], as: cluster.root, timeout: .seconds(60))
    return [Double(store), try #require(metrics.values["etcd_debugging_auth_revision"])]
  }
}

func expectNoKey(in text: String, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(!text.contains("PRIVATE KEY"), sourceLocation: sourceLocation)
}
