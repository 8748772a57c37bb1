import Etcd
import Files
import Foundation
import TestClusters
import TestSupport
import Testing

/// A plan that is reviewed before it is applied.
@Suite(.serialized, .startsEtcd, .realEtcd, .timeLimit(.minutes(10))) struct SavedPlanTests {
  private func etcd() async throws -> SharedEtcd { try await SharedEtcd("saved plans") }

  @Test func whatWasReviewedIsApplied() async throws {
    let etcd = try await etcd()
    try etcd.write([("a", "{prefix: /a/, access: readwrite}"), ("gone", "{key: /g, access: read}")])
    try etcd.expect(0, "apply")
    try etcd.write([("a", "{prefix: /a/, access: read}, {key: /more, access: write}")])
    let planned = try etcd.expect(2, "plan", "--out", "x.plan")
    #expect(
      planned.error.contains("'bulkhead apply x.plan'") || planned.error.contains("bulkhead apply x.plan"))
    let path = "\(etcd.folder.path)/x.plan"
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o644)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(!text.contains("PRIVATE KEY") && text.contains("delete the user \(etcd.user("gone"))"))
    // Access is removed without a question: it was reviewed.
    try etcd.expect(0, "apply", "x.plan")
    #expect(
      try await etcd.state() == [
        "user \(etcd.user("a"))": [etcd.user("a")],
        "role \(etcd.user("a"))": ["read /a/*", "write /more"],
      ])
    try etcd.expect(0, "plan")
    let again = try etcd.expect(1, "apply", "x.plan")
    for reason in ["the auth revision was", "the record of what Bulkhead manages", "reviewed steps"] {
      #expect(again.error.contains(reason), "\(again.all)")
    }
  }

  enum Since: String, CaseIterable {
    case user, file, digest, format, foreign, version
  }

  @Test(arguments: Since.allCases) func whatHasChangedSinceIsSaid(_ since: Since) async throws {
    let etcd = try await etcd()
    try etcd.write([("a", "{prefix: /a/, access: readwrite}")])
    try etcd.expect(2, "plan", "--out", "x.plan")
    let path = "\(etcd.folder.path)/x.plan"
    func edit(_ old: String, _ new: String) throws {
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.contains(old))
      try text.replacingOccurrences(of: old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
    }
    let reason: String
    switch since {
    case .user:
      try await etcd.cluster.etcdctl("user", "add", etcd.user("x"), "--no-password")
      reason = "a user, role, permission or password in etcd has changed: the auth revision was"
    case .file:
      try etcd.write([("a", "{prefix: /a/, access: readwrite}")], more: "# a remark\n")
      reason = "the text of the file has changed"
    case .digest:
      try edit("/a/", "/b/")
      reason = "it does not match its digest"
    case .format:
      try edit(#""format" : 1"#, #""format" : 2"#)
      reason = "the plan has the format 2, and this program reads format 1"
    case .foreign:
      try "{}".write(toFile: path, atomically: true, encoding: .utf8)
      reason = "not a plan that 'bulkhead plan --out' wrote"
    case .version:
      try edit(#""bulkhead" : ""#, #""bulkhead" : "9"#)
      reason = "it does not match its digest"
    }
    let before = try await etcd.state()
    let refused = try etcd.expect(1, "apply", "x.plan")
    #expect(refused.error.contains(reason), "\(refused.all)")
    #expect(refused.error.contains("hint: "), "\(refused.all)")
    #expect(try await etcd.state() == before)
  }

  @Test func aPlanReplacesNoOtherFile() async throws {
    let etcd = try await etcd()
    try etcd.write([("a", "{prefix: /a/, access: readwrite}")])
    let refused = try etcd.expect(1, "plan", "--out", "bulkhead.yaml")
    #expect(refused.error.contains("exists and is not a plan"), "\(refused.all)")
    try etcd.expect(2, "plan", "--out", "x.plan")
    try etcd.expect(2, "plan", "--out", "x.plan")
    for option in ["--yes", "--full", "--take-over", "--enable-auth", "--no-lock"] {
      try etcd.expect(64, "apply", "x.plan", option)
    }
    try etcd.expect(64, "apply", "x.plan", "--target", "a")
  }

  @Test func aPullRequestShowsWhoMayDoWhat() async throws {
    let etcd = try await etcd()
    try etcd.write([
      ("a", "{prefix: /calico/ipam/v2/, access: read}"), ("b", "{prefix: /registry/, access: read}"),
    ])
    try etcd.expect(0, "apply")
    try etcd.write([("a", "{prefix: /calico/ipam/v2/, access: readwrite}")])
    let markdown = try etcd.expect(2, "plan", "--output", "markdown")
    let parts = markdown.out.components(separatedBy: "### ")
    let more = try #require(parts.first { $0.hasPrefix("Who may do more") })
    let less = try #require(parts.first { $0.hasPrefix("Who may do less") })
    #expect(
      more.contains("| `\(etcd.user("a"))` | write | all of IPAM | `/calico/ipam/v2/*` | `/calico/ipam/v2/"),
      "\(more)")
    #expect(
      less.contains("| `\(etcd.user("b"))` | read | all of Kubernetes | `/registry/*` | `/registry/"),
      "\(less)")
    #expect(!more.contains(etcd.user("b")) && !less.contains(etcd.user("a")))
    #expect(parts.contains { $0.hasPrefix("Steps") && $0.contains("**remove access**") })

    let text = try etcd.expect(2, "plan").out
    #expect(
      text.contains(
        """
        after this plan these users may do more:
          \(etcd.user("a"))
            write /calico/ipam/v2/*: all of IPAM
        after this plan these users may do less:
          \(etcd.user("b"))
            read /registry/*: all of Kubernetes
        """), "\(text)")

    let json = try etcd.json(try etcd.expect(2, "plan", "--output", "json"))
    let access = try #require(json["access"] as? [[String: Any]])
    #expect(access.map { $0["identity"] as? String } == [etcd.user("a"), etcd.user("b")])
    let gained = try #require(access[0]["gained"] as? [[String: Any]])
    #expect(gained.map { $0["access"] as? String } == ["write"])
    #expect(gained[0]["witness"] as? String != nil)
  }

  @Test func aTargetLimitsPlanAndApply() async throws {
    let etcd = try await etcd()
    try etcd.write([("a", "{prefix: /a/, access: read}"), ("b", "{prefix: /b/, access: read}")])
    let unknown = try etcd.expect(1, "plan", "--target", etcd.user("aa"))
    #expect(unknown.error.contains("did you mean '\(etcd.user("a"))'?"), "\(unknown.all)")
    let plan = try etcd.expect(2, "plan", "--target", etcd.user("a"), "--out", "x.plan")
    #expect(plan.out.contains("left out by --target:\n  give \(etcd.user("b"))"), "\(plan.all)")
    let applied = try etcd.expect(0, "apply", "--target", etcd.user("a"))
    #expect(applied.out.contains("left out"), "\(applied.all)")
    #expect(
      try await etcd.state() == [
        "user \(etcd.user("a"))": [etcd.user("a")], "role \(etcd.user("a"))": ["read /a/*"],
      ])
    // What was left out is still to do.
    try etcd.expect(2, "plan")
    try etcd.expect(2, "plan", "--target", etcd.user("b"), "--out", "x.plan")
    try etcd.expect(0, "apply", "x.plan")
    try etcd.expect(0, "plan")
    #expect(try await etcd.state().count == 4)
  }
}
