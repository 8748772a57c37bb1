import Catalogue
import Keyspace

/// Rules about the isolation of nodes.
enum NodeLint {
  static let rules = [unused, undivided, published, cost]

  static let unused = LintRule(
    "BH040", .info, "nodes are listed but have no effect", why: "the isolation 'component' does not use them",
    advice: "use isolation node-certificate or node-user, or remove 'nodes'")
  static let undivided = LintRule(
    "BH041", .warning, "no component can be divided by node",
    why: "no component of the file runs on every node",
    advice: "use isolation 'component'")
  static let published = LintRule(
    "BH042", .warning, "the users of all nodes may do the same",
    why:
      "Calico's published tables do not distinguish nodes, so a node's certificate gives access to the keys of others",
    advice: "use 'roles: corrected', or isolation 'node-certificate', which has the same effect at less cost")
  static let cost = LintRule(
    "BH043", .warning, "the number of users makes each change of users and roles slow",
    why:
      "etcd 3.4.20, 3.5.5 and later recompute every user's permissions at each change, and answer no request "
      + "meanwhile (etcd, server/auth/store.go, refreshRangePermCache)",
    advice: "use isolation 'node-certificate', or make few changes at a time")

  static func findings(
    _ file: SegmentationFile, _ segmentation: Segmentation, catalogue: Catalogue
  ) -> [LintFinding] {
    guard file.isolation != .component else {
      return file.nodes.isEmpty
        ? [] : [LintFinding(unused, .file("nodes"), "\(file.nodes.count) nodes have no effect")]
    }
    let divided = file.components.filter { catalogue[$0]?.placement == .node }
    guard !divided.isEmpty else {
      return [
        LintFinding(undivided, .file("isolation"), "isolation '\(file.isolation.rawValue)' has no effect")
      ]
    }
    var findings: [LintFinding] = []
    guard file.isolation.usersPerNode else { return findings }
    if file.calico.roles == .documented {
      findings.append(
        LintFinding(published, .file("isolation"), "the published tables have no grants for single nodes"))
    }
    let stall = stall(of: segmentation)
    if stall >= RefreshCost.bearable {
      findings.append(
        LintFinding(
          cost, .file("isolation"),
          "\(segmentation.identities.count) users: each change of a user or a role makes every client wait for about \(Int(stall / .milliseconds(1))) ms"
        ))
    }
    return findings
  }

  private static func stall(of segmentation: Segmentation) -> Duration {
    let sizes = Dictionary(segmentation.roles.map { ($0.name, $0.grants.count) }) { first, _ in first }
    let permissions = segmentation.identities.reduce(0) { sum, identity in
      identity.roles.reduce(sum) { $0 + (sizes[$1] ?? 0) }
    }
    return RefreshCost.stall(users: segmentation.identities.count, permissions: permissions)
  }
}
