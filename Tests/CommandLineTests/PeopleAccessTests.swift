import Etcd
import Foundation
import Keyspace
import TestClusters
import TestSupport
import Testing
import ThrowawayEtcd

/// `bulkhead access`: access of people that ends.
@Suite(.serialized, .startsEtcd, .realEtcd, .timeLimit(.minutes(10))) struct PeopleAccessTests {
  /// Changes the recorded end of a person's access to a moment that has passed.
  private func letTimePass(_ etcd: SharedEtcd, _ user: String) async throws {
    try await etcd.cluster.connect { client in
      for entry in try await client.entries(in: .prefix("/bulkhead/v1/people/")) {
        let text = String(decoding: entry.value, as: UTF8.self)
        guard text.contains(#""user":"\#(user)""#) else { continue }
        let past = text.replacing(/"until":"[^"]*"/, with: #""until":"2026-01-01T00:00:00Z""#)
        try await client.put(Array(past.utf8), at: entry.key)
      }
    }
  }

  private func exists(_ etcd: SharedEtcd, _ name: String) async throws -> (user: Bool, role: Bool) {
    try await etcd.cluster.connect { client in
      (try await client.users().contains(name), try await client.roles().contains("calicoctl-policy-editor"))
    }
  }

  @Test(arguments: ["apply", "watch", "end"]) func accessEnds(_ by: String) async throws {
    let etcd = try await SharedEtcd("people")
    let alice = etcd.user("alice")
    try etcd.write(
      [("a", "{prefix: /a/, access: readwrite}")], more: "management: authoritative\nprotect: [other]\n")
    try etcd.expect(0, "apply", "--yes")
    let given = try etcd.expect(
      0, "access", alice, "--as", "policy-editor", "--for", "1h", "--why", "incident 4711")
    #expect(given.out.contains("\(alice): policy-editor until 20"), "\(given.all)")
    #expect(!given.all.contains("PRIVATE KEY"))
    // Her certificate works, for the time, and no longer.
    let credentials = ClientCredentials(
      authority: etcd.cluster.etcd.serverAuthority,
      certificate: "\(etcd.cluster.etcd.clientAuthority)/clients/\(alice).crt",
      key: "\(etcd.cluster.etcd.clientAuthority)/clients/\(alice).key")
    let policy: KeyRange = .key("/calico/resources/v3/projectcalico.org/networkpolicies/default/x")
    let (writes, isLimited) = try await EtcdClient.connect(
      to: etcd.cluster.etcd.endpoints, as: credentials, timeout: .seconds(30)
    ) { client in
      // Where another test changes users at the same moment, etcd answers neither.
      (
        try await eventually { await client.mayWrite(policy) == .allowed },
        try await eventually { await client.mayRead(.prefix("/registry/")) == .denied }
      )
    }
    #expect(writes && isLimited)
    let ends = try Program.run(
      "/usr/bin/openssl", ["x509", "-in", credentials.certificate, "-noout", "-checkend", "7200"],
      in: etcd.folder.path)
    #expect(ends.code == 1, "the certificate is valid for longer than the access: \(ends.all)")

    // While it lasts, no apply takes it away, in any mode.
    let plan = try etcd.expect(0, "plan")
    #expect(plan.error.contains("'\(alice)', which the file does not name, has access until"), "\(plan.all)")
    try etcd.expect(0, "apply", "--full")
    #expect(try await exists(etcd, alice) == (true, true))
    let list = try etcd.expect(0, "access")
    #expect(
      list.out.contains("\(alice): calicoctl-policy-editor, until") && list.out.contains("incident 4711"))
    // Given again: a later end.
    try etcd.expect(0, "access", alice, "--as", "policy-editor", "--for", "2h", "--no-certificate")
    try etcd.expect(1, "access", alice, "--as", "full", "--for", "2h")

    if by == "end" {
      try etcd.expect(0, "access", alice, "--end")
    } else {
      try await letTimePass(etcd, alice)
      let over = try etcd.expect(2, "plan")
      #expect(over.out.contains("delete the user \(alice)"), "\(over.all)")
      #expect(over.error.contains("is over since"), "\(over.all)")
      #expect(try etcd.bulkhead("watch", "--once").code == 2)
      try etcd.expect(
        0, by == "apply" ? "apply" : "watch", by == "apply" ? "--yes" : "--once",
        by == "apply" ? "--full" : "--end-access")
    }
    #expect(try await exists(etcd, alice) == (false, false))
    try etcd.expect(0, "plan")
    #expect(try etcd.expect(0, "access").out.contains("no person has access that ends"))
    let history = try etcd.json(try etcd.expect(0, "history", "--output", "json"))
    let kinds = (history["history"] as? [[String: Any]] ?? [])
      .filter { ($0["ofFile"] as? String)?.contains("'\(etcd.name)'") == true }.compactMap {
        $0["kind"] as? String
      }
    // The second time changed no user and no role, and is recorded too.
    #expect(kinds.count { $0 == "access" } == 2, "\(kinds)")
    if by != "apply" { #expect(kinds.first == "end of access", "\(kinds)") }
  }

  @Test func whatIsNotAPersonWithoutAccessIsRefused() async throws {
    let etcd = try await SharedEtcd("people")
    try etcd.write([("a", "{prefix: /a/, access: readwrite}")])
    try etcd.expect(0, "apply")
    let inFile = try etcd.expect(1, "access", etcd.user("a"), "--as", "full", "--for", "1h")
    #expect(inFile.error.contains("the file names"), "\(inFile.all)")
    try await etcd.cluster.etcdctl("user", "add", etcd.user("other"), "--no-password")
    let other = try etcd.expect(1, "access", etcd.user("other"), "--as", "full", "--for", "1h")
    #expect(other.error.contains("etcd has a user"), "\(other.all)")
    try etcd.expect(1, "access", "root", "--as", "full", "--for", "1h")
    try etcd.expect(1, "access", etcd.user("nobody-here"), "--end")
    for wrong in [
      ["alice"], ["alice", "--as", "full"], ["alice", "--for", "1h"], ["--as", "full"], ["--end"],
      ["alice", "--as", "full", "--for", "31d"], ["alice", "--as", "king", "--for", "1h"],
      ["alice", "--end", "--for", "1h"],
    ] {
      #expect(try Program.run(Program.path, ["access"] + wrong, in: etcd.folder.path).code == 64, "\(wrong)")
    }
  }
}
