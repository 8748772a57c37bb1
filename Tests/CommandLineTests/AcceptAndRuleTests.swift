import Etcd
import Foundation
import TestSupport
import Testing
import ThrowawayEtcd

/// Rules and accepted findings of the file, on a cluster with one deliberate flaw.
@Suite(.serialized, .startsEtcd) struct AcceptAndRuleTests {
  @Test("a foreign user breaks a rule: each verb names it; what the file accepts does not count")
  func rulesAndAcceptances() async throws {
    let folder = try TemporaryFolder()
    let server = try #require(Server.all.last { $0.members == 1 })
    let cluster = try await ThrowawayEtcd.start(members: 1, binary: server.binary, in: folder.path)
    defer { cluster.stop() }
    func bulkhead(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, arguments, in: folder.path)
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
    #expect(
      try bulkhead("init", "--ca", "etcd-ca/ca.crt", "--endpoint", "\(cluster.endpoints[0])").code == 0)
    let file = folder.path + "/bulkhead.yaml"
    let accepted = ["CVE-2026-33343", "CVE-2026-33413", "GHSA-xg4h-6gfc-h4m8"].map {
      "  - {id: \($0), why: the update is planned, until: 2099-12-31}\n"
    }.joined()
    let rule = """

      rules:
        - {name: shop, only: [], access: read, prefix: /shop/, why: the shop has its own etcd}

      """
    let text = try String(contentsOfFile: file, encoding: .utf8) + rule + "accept:\n" + accepted
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    #expect(try bulkhead("certs", "issue").code == 0)
    #expect(try bulkhead("apply", "--enable-auth").code == 0)
    let clean = try bulkhead("verify")
    #expect(clean.code == 0, "\(clean.all)")
    #expect(clean.out.contains("accepted until 2099-12-31: the update is planned"), "\(clean.out)")
    #expect(try bulkhead("plan").code == 0)

    // A file that breaks its own rule is not applied without a flag, or an entry of accept.
    let broken = text.replacing(
      "only: [], access: read, prefix: /shop/", with: "only: [], access: write, prefix: /calico/")
    try broken.write(toFile: file, atomically: true, encoding: .utf8)
    let stopped = try bulkhead("apply", "--yes")
    #expect(
      stopped.code == 1 && stopped.error.contains("nothing was changed: the file breaks its rule 'shop'"))
    #expect(stopped.error.contains("may write /calico/") && stopped.error.contains("--rules-are-broken"))
    #expect(try bulkhead("apply", "--yes", "--rules-are-broken").code == 0)
    try (broken + "  - {id: BH070, subject: rule shop, why: until Monday, until: 2099-12-31}\n").write(
      toFile: file, atomically: true, encoding: .utf8)
    #expect(try bulkhead("apply", "--yes").code == 0)
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    #expect(try bulkhead("apply", "--yes").code == 0)

    // A user that the file does not name and that reaches none of its keys: only the rule forbids it.
    try etcdctl("role", "add", "shop")
    try etcdctl("role", "grant-permission", "shop", "read", "/shop/orders/", "--prefix")
    try etcdctl("user", "add", "mallory", "--no-password")
    try etcdctl("user", "grant-role", "mallory", "shop")
    try etcdctl("put", "/calico/v1/left", "x")
    let sentence = "'mallory' may read /shop/orders/example, by read /shop/orders/* (role shop)"
    let found = try bulkhead("verify", "--output", "json")
    #expect(found.code == 2 && found.out.contains(sentence), "\(found.all)")
    #expect(found.out.contains(#""id" : "VF018""#) && !found.out.contains(#""id" : "VF001""#))
    try found.out.write(toFile: folder.path + "/verify.json", atomically: true, encoding: .utf8)
    let plan = try bulkhead("plan")
    #expect(plan.code == 2 && plan.error.contains(sentence), "\(plan.all)")
    #expect(plan.error.contains("does not hold in etcd after this plan"), "\(plan.error)")
    let lint = try bulkhead("lint", "--live")
    #expect(lint.code == 2 && lint.out.contains("error BH070 rule shop") && lint.out.contains(sentence))
    let preflight = try bulkhead("preflight", "--accept", "PF017", "--output", "junit")
    #expect(
      preflight.code == 2 && preflight.out.contains("<failure type=\"error\"")
        && preflight.out.contains("PF030"))
    // The report shows what was found, of this file; of another version of the file it says so.
    let page = try bulkhead("report", "--with", "verify.json", "--live")
    #expect(
      page.code == 0 && page.out.contains("VF018") && page.out.contains("Not in force, or not known to be."))
    #expect(page.out.contains("such as /calico/v1/left"), "it is a key of Calico under no grant")

    // Accepted with a reason until a day.
    try (text + "  - {id: VF018, subject: rule shop, why: mallory leaves, until: 2099-12-31}\n").write(
      toFile: file, atomically: true, encoding: .utf8)
    let known = try bulkhead("verify")
    #expect(
      known.code == 0 && known.out.contains("accepted until 2099-12-31: mallory leaves"), "\(known.all)")
    let old = try bulkhead("report", "--with", "verify.json")
    #expect(
      old.out.contains("The proof is of another version of the file.") && !old.out.contains("Not in force"))
    let other = text.replacingOccurrences(of: "2099-12-31", with: "2026-01-01")
    try other.write(toFile: file, atomically: true, encoding: .utf8)
    let ended = try bulkhead("verify")
    #expect(
      ended.code == 2 && ended.out.contains("was accepted until 2026-01-01: the update is planned"),
      "\(ended.all)")
    let endedToo = try bulkhead("preflight")
    #expect(endedToo.out.contains("warning PF029"), "\(endedToo.all)")
  }
}
