import Etcd
import Foundation
import TestSupport
import Testing
import ThrowawayEtcd

/// `verify` and `preflight` with their options, on a cluster that is as the file has it, and after changes by
/// hand.
@Suite(.serialized, .startsEtcd, .timeLimit(.minutes(30))) struct VerifyCommandTests {
  @Test func verifyAndPreflightSayWhatIsNotInForce() async throws {
    let folder = try TemporaryFolder()
    let server = try #require(Server.all.last)
    let cluster = try await ThrowawayEtcd.start(members: 3, binary: server.binary, in: folder.path)
    defer { cluster.stop() }
    func bulkhead(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path)
    }
    func verify(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, ["verify"] + Program.accepted + arguments, in: folder.path)
    }
    func preflight(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, ["preflight", "--accept", "PF017"] + arguments, in: folder.path)
    }
    func etcdctl(_ arguments: String...) throws {
      let outcome = try Program.run(
        server.etcdctl,
        [
          "--endpoints=\(cluster.endpoints[0])", "--cacert=\(cluster.serverAuthority)",
          "--cert=\(cluster.root.certificate)", "--key=\(cluster.root.key)",
        ] + arguments, in: folder.path, environment: ["ETCDCTL_API": "3"])
      #expect(outcome.code == 0, "\(outcome.all)")
    }
    // One endpoint of three: the others are found in the member list.
    #expect(
      try bulkhead(
        "init", "--ca", "etcd-ca/ca.crt", "--calicoctl", "alice=read-only", "--endpoint",
        "\(cluster.endpoints[0])"
      ).code == 0)
    #expect(try bulkhead("certs", "issue").code == 0)

    // Before.
    try etcdctl("put", "/service/pg/leader", "x")
    let before = try bulkhead("preflight", "--output", "json")
    #expect(before.code == 2, "\(before.all)")
    for text in [#""id" : "PF001""#, #""id" : "PF002""#, #""id" : "PF022""#, #""asked" : "3 of 3 members""#] {
      #expect(before.out.contains(text), "\(text) \(before.out)")
    }
    let sarif = try bulkhead("preflight", "--output", "sarif", "--accept", "PF022")
    #expect(sarif.out.contains(#""ruleId" : "PF002""#) && sarif.out.contains(#""suppressions""#))
    try etcdctl("del", "/service/pg/leader")
    #expect(try bulkhead("apply").code == 0)
    let ready = try preflight()
    #expect(ready.code == 0 && ready.out.contains("CVE-2026-73499"), "\(ready.all)")
    let listed = try bulkhead("preflight")
    #expect(listed.code == 2 && listed.out.contains("error PF017"), "\(listed.all)")
    #expect(try bulkhead("apply", "--enable-auth", "--watch", "0").code == 0)

    // A certificate in use whose name is no user, as kubeadm's: it is found in a folder.
    let openssl = try Program.run(
      "/bin/sh",
      [
        "-c",
        """
        mkdir -p pki2/etcd
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=kube-etcd-healthcheck-client \\
          -keyout pki2/etcd/healthcheck-client.key -out h.csr
        openssl x509 -req -in h.csr -CA pki/ca.crt -CAkey pki/ca.key -days 2 -out pki2/etcd/healthcheck-client.crt
        """,
      ], in: folder.path)
    #expect(openssl.code == 0, "\(openssl.all)")
    let inUse = try preflight("--certificates", "pki2", "--certificates", "pki/clients")
    #expect(
      inUse.code == 0 && inUse.out.contains("warning PF024")
        && inUse.out.contains("is for 'kube-etcd-healthcheck-client'")
        && !inUse.out.contains("is for 'alice'"), "\(inUse.all)")
    let early = try bulkhead("preflight", "--certificates", "nowhere")
    #expect(early.code == 1 && early.error.contains("nowhere"), "\(early.all)")
    let clean = try verify()
    #expect(clean.code == 0, "\(clean.all)")
    #expect(clean.out.contains("users and roles are those of the file; 3 of 3 members"), "\(clean.out)")
    #expect(clean.error.contains("lines to the log of each member"))
    // What was seen open counts unless it is accepted.
    let open = try bulkhead("verify")
    #expect(open.code == 2 && open.out.contains("--accept 'GHSA-xg4h-6gfc-h4m8'"), "\(open.all)")
    #expect(try bulkhead("verify", "--accept", "CVE-1").code == 64)

    // Part of it, and with other certificates.
    let part = try verify("--member", "etcd-2", "--identity", "alice", "--output", "json")
    #expect(part.code == 0 && part.out.contains("1 of 3 members, limited to etcd-2"), "\(part.all)")
    #expect(!part.out.contains(#""identity" : "cni-plugin""#))
    #expect(try verify("--member", "etcd-9").error.contains("it has etcd-1, etcd-2, etcd-3"))
    let copied = "\(folder.path)/host"
    try FileManager.default.createDirectory(atPath: copied, withIntermediateDirectories: true)
    for (from, to) in [("alice.crt", "tls.crt"), ("alice.key", "tls.key")] {
      try FileManager.default.copyItem(
        atPath: "\(folder.path)/pki/clients/\(from)", toPath: "\(copied)/\(to)")
    }
    let host = try verify("--from", "host", "--rate", "2000", "--output", "json")
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(host.out.utf8)) as? [String: Any], "\(host.all)")
    #expect(host.code == 0 && (json["scope"] as? [String: Any])?["probed"] as? [String] == ["alice"])
    #expect(try verify("--all", "--sample", "2").code == 64)
    // A certificate of another authority: the cause is named once for each member, with what to do about it.
    let made = try Program.run(
      "/bin/sh",
      [
        "-c",
        """
        mkdir -p foreign && printf 'extendedKeyUsage=clientAuth' >usage
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=other -keyout o.key -out o.crt
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=alice -keyout foreign/tls.key \
          -out a.csr
        openssl x509 -req -in a.csr -CA o.crt -CAkey o.key -days 2 -extfile usage -out foreign/tls.crt
        """,
      ], in: folder.path)
    #expect(made.code == 0, "\(made.all)")
    let unanswered = try verify("--from", "foreign")
    let lines = unanswered.out.split(separator: "\n")
    #expect(unanswered.code == 2, "\(unanswered.all)")
    #expect(
      lines.count { $0.contains("questions, first read ") && $0.contains("unknown CA") } == 3,
      "\(unanswered.all)")
    #expect(
      lines.contains {
        $0.hasPrefix("  hint: the client certificate must be signed by an authority in the members'")
      },
      "\(unanswered.all)")
    for name in ["cni-plugin.crt", "cni-plugin.key"] {
      try FileManager.default.moveItem(
        atPath: "\(folder.path)/pki/clients/\(name)", toPath: "\(folder.path)/\(name)")
    }
    let without = try verify()
    #expect(without.code == 2 && without.out.contains("not probed: cni-plugin"), "\(without.all)")
    let issued = try verify("--issue")
    #expect(issued.code == 0 && issued.out.contains("bulkhead-probe-without-user"), "\(issued.all)")

    // By hand: a back door, an administrator, a grant that no sample of keys would meet.
    try etcdctl("user", "delete", "alice")
    try etcdctl("user", "add", "alice:backdoor")
    try etcdctl("user", "grant-role", "alice", "calicoctl-read-only")
    try etcdctl("user", "add", "intruder:pw")
    try etcdctl("user", "grant-role", "intruder", "root")
    try etcdctl("role", "grant-permission", "cni-plugin", "read", "/registry/secrets/default/token")
    let found = try verify("--issue")
    #expect(found.code == 2)
    for text in [
      "user alice: has a password", "user intruder: foreign user: it may do everything, as an administrator",
      "role cni-plugin: extra", "cni-plugin: read /registry/secrets/default/token",
      "(etcd-1, etcd-2, etcd-3)", "users and roles are not those of the file",
    ] {
      #expect(found.out.contains(text), "\(text)\n\(found.out)")
    }
    let plan = try bulkhead("plan")
    #expect(plan.code == 2 && plan.out.contains("has a password"), "\(plan.all)")
    let lint = try bulkhead("lint", "--live")
    #expect(lint.code == 2 && lint.out.contains("BH060 identity alice"), "\(lint.all)")
    let checked = try preflight()
    #expect(checked.code == 2 && checked.out.contains("error PF019"), "\(checked.all)")
    #expect(checked.out.contains("error PF021"))
    #expect(checked.out.contains("role cni-plugin: extra: it may read /registry/secrets/default/token"))
    #expect(try bulkhead("apply", "--yes").code != 1)
    // `plan` does not pass over an administrator that the file does not name.
    let rest = try bulkhead("plan")
    #expect(rest.code == 2 && rest.out.contains("user intruder"), "\(rest.all)")
    try etcdctl("user", "delete", "intruder")
    #expect(try bulkhead("plan").code == 0)

    // A user that is not in the file and reaches the file's keys, whose name would clear the screen and forge a line.
    let evil = "evil\u{1b}[2J\nall is as it should be"
    try etcdctl("role", "add", "wide")
    try etcdctl("role", "grant-permission", "wide", "readwrite", "/calico/zzz")
    try etcdctl("user", "add", evil, "--no-password")
    try etcdctl("user", "grant-role", evil, "wide")
    let foreign = [try verify("--issue"), try bulkhead("plan"), try preflight()]
    for outcome in foreign {
      #expect(outcome.code == 2 && outcome.out.contains(#"user evil\u{1b}[2J\u{a}all is"#), "\(outcome.all)")
      #expect(!outcome.all.contains("\u{1b}") && !outcome.all.contains("\nall is as it"), "\(outcome.all)")
    }
    #expect(foreign[0].out.contains("users and roles are not those of the file"))
    #expect(foreign[2].out.contains("error PF027"), "\(foreign[2].all)")
    try etcdctl("user", "delete", evil)
    // One that reaches none of them is listed.
    try etcdctl("role", "grant-permission", "wide", "readwrite", "/service/pg")
    try etcdctl("role", "revoke-permission", "wide", "/calico/zzz")
    #expect(try bulkhead("plan").code == 0)
    let other = try verify("--issue")
    #expect(
      other.code == 0
        && other.out.contains("are those of the file; 1 more, through which no client reaches its keys"),
      "\(other.all)")
    // An administrator's requests show no vulnerability.
    let root = try bulkhead("verify", "--identity", "root")
    #expect(root.code == 2 && root.out.contains("no vulnerability was looked for"), "\(root.all)")
    // The empty password, found by each of the three.
    try etcdctl("user", "add", "open:")
    for outcome in [try verify("--issue"), try bulkhead("plan"), try preflight()] {
      #expect(outcome.code == 2 && outcome.out.contains("empty password"), "\(outcome.all)")
    }
    try etcdctl("user", "delete", "open")

    // A member that is down costs only its own answers.
    cluster.members[1].crash()
    // The others may have to elect a leader first.
    var two = try verify("--issue")
    _ = try await eventually(within: .seconds(120)) {
      if two.code != 1 { return true }
      two = try verify("--issue")
      return two.code != 1
    }
    #expect(two.code == 2 && two.out.contains("2 of 3 members: etcd-2 is unreachable"), "\(two.all)")
    #expect(two.out.contains("answers are as expected"), "\(two.out)")
    for verb in ["plan", "apply"] {
      let text = try bulkhead(verb)
      #expect(
        text.code == 0 && text.out.contains("nothing to do")
          && text.out.contains("; 2 of 3 members: etcd-2 is unreachable"), "\(text.all)")
      let json = try bulkhead(verb, "--output", "json")
      #expect(json.out.contains(#""asked" : "2 of 3 members: etcd-2 is unreachable""#), "\(json.all)")
    }
    let one = try verify("--issue", "--member", "etcd-1")
    #expect(one.code == 0 && one.out.contains("limited by --member etcd-1"), "\(one.all)")
  }

  /// security.md, C1: a member whose peers trust the authority of the clients.
  @Test func aPeerPortThatAdmitsClientsIsReported() async throws {
    let folder = try TemporaryFolder()
    let server = try #require(Server.all.last)
    var options = ThrowawayEtcd.Options()
    options.extraArguments = ["--peer-trusted-ca-file=\(folder.path)/pki/ca.crt"]
    let cluster = try await ThrowawayEtcd.start(
      members: 1, binary: server.binary, in: folder.path, options: options)
    defer { cluster.stop() }
    func bulkhead(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path)
    }
    #expect(
      try bulkhead("init", "--ca", "etcd-ca/ca.crt", "--endpoint", "\(cluster.endpoints[0])").code == 0)
    #expect(try bulkhead("certs", "issue").code == 0)
    // A user of others whose password shows only once authentication is on.
    func etcdctl(_ arguments: String...) throws {
      let outcome = try Program.run(
        server.etcdctl,
        [
          "--endpoints=\(cluster.endpoints[0])", "--cacert=\(cluster.serverAuthority)",
          "--cert=\(cluster.root.certificate)", "--key=\(cluster.root.key)",
        ] + arguments, in: folder.path, environment: ["ETCDCTL_API": "3"])
      #expect(outcome.code == 0, "\(outcome.all)")
    }
    try etcdctl("user", "add", "open:")
    let untried = try bulkhead("preflight")
    #expect(untried.out.contains("warning PF028") && untried.out.contains("unknown: open"), "\(untried.all)")
    let enabled = try bulkhead("apply", "--enable-auth", "--watch", "0")
    #expect(enabled.code == 2 && enabled.out.contains("authentication is on"), "\(enabled.all)")
    #expect(enabled.out.contains("found: user open: foreign user"), "\(enabled.all)")
    try etcdctl("user", "delete", "open")
    let preflight = try bulkhead("preflight")
    #expect(preflight.code == 2 && preflight.out.contains("error PF014"), "\(preflight.all)")
    let verified = try Program.run(Program.path, ["verify"] + Program.accepted, in: folder.path)
    #expect(
      verified.code == 2 && verified.out.contains("admits a client's certificate")
        && verified.out.contains("answers are as expected"), "\(verified.all)")

    // Advisories of a file, and rules that are accepted.
    let osv = """
      {"id": "TEST-1", "modified": "2099-01-01T00:00:00Z", "summary": "a new fault", "affected": [
        {"package": {"ecosystem": "Go", "name": "go.etcd.io/etcd/server/v3"}, "versions": ["\(server.version)"]}]}
      """
    try osv.write(toFile: "\(folder.path)/osv.json", atomically: true, encoding: .utf8)
    let newer = try bulkhead(
      "preflight", "--advisories", "osv.json", "--accept", "PF014", "--accept", "PF017", "--output", "json")
    #expect(newer.code == 0 && newer.out.contains("TEST-1: a new fault"), "\(newer.all)")
    let strict = try Program.run(
      Program.path, ["verify", "--advisories", "osv.json"] + Program.accepted, in: folder.path)
    #expect(strict.out.contains("by the file on 2099-01-01") && strict.out.contains("TEST-1"))
    try "{}".write(toFile: "\(folder.path)/osv.json", atomically: true, encoding: .utf8)
    let refused = try bulkhead("preflight", "--advisories", "osv.json")
    #expect(refused.code == 1 && refused.error.contains("OSV"), "\(refused.all)")
  }
}
