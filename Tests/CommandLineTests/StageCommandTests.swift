import Certificates
import Etcd
import Foundation
import TestSupport
import Testing
import ThrowawayEtcd

/// The migration from one shared certificate to one per program, with the commands that users type.
@Suite(.serialized, .startsEtcd, .timeLimit(.minutes(30))) struct StageCommandTests {
  private static let pods = """
    {"kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "calico-node-x", "namespace": "kube-system"},
      "spec": {"volumes": [{"name": "etcd-certs", "secret": {"secretName": "calico-etcd-secrets"}}]}}]}
    """

  @Test(arguments: Server.all.filter { $0.version == "3.5.30" && $0.members == 1 })
  func prepareSwitchClean(server: Server) async throws {
    let folder = try TemporaryFolder()
    let cluster = try await ThrowawayEtcd.start(members: 1, binary: server.binary, in: folder.path)
    defer { cluster.stop() }
    func bulkhead(_ arguments: String..., input: String? = nil) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path, input: input)
    }
    let initialised = try Program.run(
      Program.path,
      ["init", "--cluster", "test", "--ca", "etcd-ca/ca.crt", "--calicoctl", "admin=full"]
        + cluster.endpoints.flatMap { ["--endpoint", "\($0)"] }, in: folder.path)
    #expect(initialised.code == 0, "\(initialised.error)")
    #expect(try bulkhead("certs", "issue").code == 0)

    let unsafe = try bulkhead("preflight", "--shared", "calico", "--pods", "-", input: Self.pods)
    #expect(unsafe.code == 2, "\(unsafe.all)")
    for text in [
      "the user root does not exist", "locked out: calico-node",
      "locked out: calico, the shared certificate's",
      "kube-system/calico-node-x", "must not be turned on yet",
    ] {
      #expect(unsafe.out.contains(text), "\(text)")
    }
    let early = try bulkhead("apply", "--stage", "switch", "--shared", "calico")
    #expect(early.code == 1 && early.error.contains("--stage prepare"), "\(early.all)")
    let prepared = try bulkhead("apply", "--stage", "prepare", "--shared", "calico")
    #expect(
      prepared.code == 0 && prepared.error.contains("--stage switch --shared calico"), "\(prepared.all)")
    let safe = try Program.run(
      Program.path, ["preflight", "--shared", "calico", "--accept", "PF017"], in: folder.path)
    #expect(safe.code == 0 && safe.out.contains("can be turned on"), "\(safe.all)")
    #expect(try bulkhead("apply", "--stage", "clean", "--shared", "calico", "--yes").code == 1)
    let switched = try bulkhead("apply", "--stage", "switch", "--watch", "0", "--shared", "calico")
    #expect(switched.code == 0 && switched.out.contains("authentication is on"), "\(switched.all)")

    let mounted = try bulkhead(
      "apply", "--stage", "clean", "--shared", "calico", "--yes", "--pods", "-", input: Self.pods)
    #expect(mounted.code == 1 && mounted.error.contains("kube-system/calico-node-x"), "\(mounted.all)")
    let unasked = try bulkhead("apply", "--stage", "clean", "--shared", "calico")
    #expect(unasked.code == 1 && unasked.error.contains("--yes"), "\(unasked.all)")
    let cleaned = try bulkhead(
      "apply", "--stage", "clean", "--shared", "calico", "--yes", "--watch", "1", "--pods", "-",
      input: #"{"kind": "List", "items": []}"#)
    #expect(cleaned.code == 0 && cleaned.out.contains("the shared user is gone"), "\(cleaned.all)")
    // The deletion of the shared user is a change like each other.
    #expect(!cleaned.out.contains("nothing to do"), "\(cleaned.all)")
    let history = try bulkhead("history")
    #expect(history.out.contains("delete the user calico"), "\(history.all)")
    // Everything is recorded, so that a few calls suffice to recognise it.
    let settled = try bulkhead("plan", "--output", "json")
    #expect(settled.code == 0 && settled.out.contains(#""unchanged" : true"#), "\(settled.all)")
    let users = try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(120))
    { try await $0.users() }
    #expect(!users.contains("calico") && users.contains("calico-node"))
    try await expectGivenBack(cluster, folder, server)
    #expect(try bulkhead("apply", "--shared", "calico").code == 64)
    #expect(try bulkhead("apply", "--stage", "prepare", "--enable-auth").code == 64)
  }

  /// A client still uses the shared certificate: its user is restored, and that is recorded too.
  private func expectGivenBack(
    _ cluster: ThrowawayEtcd, _ folder: TemporaryFolder, _ server: Server
  ) async throws {
    try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(120)) {
      try await $0.addUser("calico-node.old")
      try await $0.grant(role: "calico-node", toUser: "calico-node.old")
    }
    let authority = try Authority.load(folder.path + "/pki", now: Date())
    _ = try CredentialDirectory(folder.path + "/pki/clients").issueMissing(
      ["calico-node.old"], by: authority, lifetime: .seconds(3600), now: Date())
    let old = cluster.credentials(of: "calico-node.old")
    let busy = Process()
    busy.executableURL = URL(fileURLWithPath: "/bin/sh")
    busy.arguments = [
      "-c",
      "while sleep 0.2; do '\(server.etcdctl)' get /calico/resources/v3/projectcalico.org/nodes/x; done",
    ]
    busy.environment = [
      "PATH": "/usr/bin:/bin", "ETCDCTL_API": "3", "ETCDCTL_ENDPOINTS": "\(cluster.endpoints[0])",
      "ETCDCTL_CACERT": old.authority, "ETCDCTL_CERT": old.certificate, "ETCDCTL_KEY": old.key,
    ]
    busy.standardOutput = FileHandle.nullDevice
    busy.standardError = FileHandle.nullDevice
    try busy.runHearingSignals()
    defer { busy.terminate() }
    func bulkhead(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path)
    }
    let kept = try bulkhead(
      "apply", "--stage", "clean", "--shared", "calico-node.old", "--yes", "--watch", "3")
    #expect(kept.code == 2 && kept.out.contains("the shared user exists again"), "\(kept.all)")
    let roles = try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(120))
    { try await $0.roles(ofUser: "calico-node.old") }
    #expect(roles == ["calico-node"])
    let plan = try bulkhead("plan", "--output", "json")
    // The shared user is not in the file and reaches its keys.
    #expect(plan.code == 2 && plan.out.contains(#""subject" : "user calico-node.old""#), "\(plan.all)")
  }
}
