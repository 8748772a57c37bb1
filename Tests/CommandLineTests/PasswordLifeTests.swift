import Etcd
import Foundation
import Keyspace
import TestSupport
import Testing
import ThrowawayEtcd

/// A user with a password, from the file to `verify`, and through a change that is killed in the middle.
@Suite(.startsEtcd, .timeLimit(.minutes(30))) struct PasswordLifeTests {
  @Test func aComponentWithAPasswordIsCreatedVerifiedAndChanged() async throws {
    let folder = try TemporaryFolder()
    let server = try #require(Server.all.first)
    let cluster = try await ThrowawayEtcd.start(
      members: 1, binary: server.binary, in: folder.path,
      options: .init(hasGateway: true))
    defer { cluster.stop() }
    func bulkhead(_ arguments: String..., input: String? = nil) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path, input: input)
    }
    func login(_ password: String) async throws -> Bool {
      try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(120)) { etcd in
        try await etcd.passwordFault(ofUser: "neutron-driver", passwords: [password]) == nil
      }
    }
    #expect(
      try bulkhead(
        "init", "--ca", "etcd-ca/ca.crt", "--endpoint", "\(cluster.endpoints[0])", "--component",
        "neutron-driver",
        "--component", "cni-plugin"
      ).code == 0)
    let issued = try bulkhead("certs", "issue")
    #expect(issued.code == 0 && issued.out.contains("neutron-driver-transport"), "\(issued.all)")
    let plan = try bulkhead("plan")
    #expect(
      plan.out.contains("etcdctl user add neutron-driver --interactive=false < neutron-driver.password"),
      "\(plan.all)")

    let applied = try bulkhead("apply", "--enable-auth", "--watch", "0")
    #expect(applied.code == 0, "\(applied.all)")
    let file = "\(folder.path)/pki/clients/neutron-driver.password"
    let password = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .newlines)
    #expect(
      try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600
        && !(plan.all + applied.all).contains(password))
    #expect(try await login(password))
    // Recognised with a few calls, as long as the file contains the password that was applied.
    func isRecognised() throws -> Bool {
      let plan = try bulkhead("plan", "--output", "json")
      #expect(!plan.all.contains(password))
      return plan.out.contains(#""unchanged" : true"#)
    }
    #expect(try isRecognised())
    for other in ["another\n", nil] {
      try FileManager.default.removeItem(atPath: file)
      if let other {
        let isMade = FileManager.default.createFile(
          atPath: file, contents: Data(other.utf8), attributes: [.posixPermissions: 0o600])
        #expect(isMade)
      }
      let changed = try bulkhead("plan")
      #expect(
        changed.code == 2 && changed.out.contains("change the password of neutron-driver"), "\(changed.all)")
    }
    let isBack = FileManager.default.createFile(
      atPath: file, contents: Data("\(password)\n".utf8), attributes: [.posixPermissions: 0o600])
    #expect(isBack)
    #expect(try isRecognised())
    try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(120)) { etcd in
      let record = try #require(try await etcd.entries(in: .prefix("/bulkhead/v1/records/")).first)
      let text = String(decoding: record.value, as: UTF8.self)
      #expect(text.contains(#""passwords""#) && !text.contains(password), "\(text)")
    }
    let settled = try bulkhead("plan", "--full")
    #expect(settled.code == 0, "\(settled.all)")
    let proof = try Program.run(Program.path, ["verify"] + Program.accepted, in: folder.path)
    #expect(proof.code == 0, "\(proof.all)")
    // It logged in through the gateway, with its certificate without a Common Name.
    let json = try Program.run(
      Program.path, ["verify", "--output", "json"] + Program.accepted, in: folder.path)
    let report = try JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [String: Any]
    let logins = try #require(report?["gateway"] as? [[String: Any]])
    #expect(logins.count == 1 && logins[0]["isFailure"] as? Bool == false, "\(logins)")
    #expect(logins[0]["answer"] as? String == "logged in", "\(logins)")

    // Its certificate never authenticates it as the same user.
    let openssl = try Program.run(
      "/usr/bin/openssl",
      [
        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
        "/CN=neutron-driver", "-keyout", "n.key", "-out", "n.csr",
      ], in: folder.path)
    #expect(openssl.code == 0)
    let signed = try bulkhead("certs", "sign", "n.csr", "--identity", "neutron-driver")
    #expect(signed.code == 1 && signed.error.contains("neutron-driver-transport"), "\(signed.all)")

    // The state after a change that was killed after etcd got the new password: both are known, so the plan
    // is empty, and the next run completes the change.
    try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(120)) {
      try await $0.changePassword(ofUser: "neutron-driver", to: "killed-in-between")
    }
    try "killed-in-between\n".write(toFile: file + ".next", atomically: false, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file + ".next")
    #expect(try bulkhead("plan").code == 0)
    #expect(try bulkhead("certs", "renew", "neutron-driver", "--password").code == 0)
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "killed-in-between\n")

    let renewed = try bulkhead("certs", "renew", "neutron-driver", "--password")
    #expect(renewed.code == 0, "\(renewed.all)")
    let second = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .newlines)
    #expect(second.count == 40 && !renewed.all.contains(second))
    let (old, new) = (try await login("killed-in-between"), try await login(second))
    #expect(!old && new)
    #expect(try bulkhead("plan").code == 0)
    // Someone changes it manually.
    try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(120)) {
      try await $0.changePassword(ofUser: "neutron-driver", to: "by-hand")
    }
    let drift = try bulkhead("plan")
    #expect(drift.code == 2 && drift.out.contains("change the password of neutron-driver"), "\(drift.all)")
    #expect(try bulkhead("apply").code == 0)
    let mended = try await login(second)
    #expect(mended)
  }

  @Test func nodesComeFromAFileAndFromKubectl() throws {
    let folder = try TemporaryFolder()
    func bulkhead(_ arguments: String..., input: String? = nil) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path, input: input)
    }
    #expect(try bulkhead("init", "--component", "cni-plugin").code == 0)
    let file = "\(folder.path)/bulkhead.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try (text + "isolation: node-user\nnodes: nodes.txt\n").write(
      toFile: file, atomically: true, encoding: .utf8)
    try "n1\nn2\n".write(toFile: "\(folder.path)/nodes.txt", atomically: true, encoding: .utf8)
    #expect(try bulkhead("certs", "authority").code == 0)
    #expect(try bulkhead("certs", "issue").out.contains("cni-plugin.n2"))
    let kubectl = #"{"kind":"List","items":[{"kind":"Node","metadata":{"name":"n3"}}]}"#
    let issued = try bulkhead("certs", "issue", "--nodes", "-", input: kubectl)
    #expect(issued.out.contains("cni-plugin.n3") && !issued.out.contains("cni-plugin.n1"), "\(issued.all)")
    let empty = try bulkhead("plan", "--nodes", "-", input: "\n")
    #expect(
      empty.code == 1 && empty.error.contains("standard input:1:1: the list has no nodes"), "\(empty.all)")
  }
}
