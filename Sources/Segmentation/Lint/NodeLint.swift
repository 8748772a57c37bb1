import Catalogue
import Keyspace

/// Rules about the isolation of nodes.
enum NodeLint {
  static let rules = [unused, undivided, published, cost]

  static let unused = LintRule(
    "BH040", .info, "nodes are listed and not divided", why: "the isolation 'component' makes no use of them",
    advice: "use isolation node-certificate or node-user, or leave 'nodes' out")
  static let undivided = LintRule(
    "BH041", .warning, "there is nothing to divide by node",
    why: "no component of the file runs on every node",
    advice: "use isolation 'component'")
  static let published = LintRule(
    "BH042", .warning, "the users of all nodes may do the same",
    why: "Calico's published tables know no nodes, so a node's certificate reaches what is another's",
    advice: "use 'roles: corrected', or isolation 'node-certificate', which has the same effect at less cost")
  static let cost = LintRule(
    "BH043", .warning, "so many users make each change of users and roles slow",
    why:
      "etcd 3.4.20, 3.5.5 and later work out every user's permissions anew at each change, and answer nobody "
      + "meanwhile (etcd, server/auth/store.go, refreshRangePermCache)",
    advice: "use isolation 'node-certificate', or make changes seldom and slowly")

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
        LintFinding(published, .file("isolation"), "nothing in the published tables is a node's own"))
    }
    let stall = microseconds(segmentation)
    if stall >= 50_000 {
      findings.append(
        LintFinding(
          cost, .file("isolation"),
          "\(segmentation.identities.count) users: each change of a user or a role holds etcd up for about \(stall / 1000) ms"
        ))
    }
    return findings
  }

  /// Measured on 3.4.23: about 5.5 µs per user and 2 µs per permission that it holds.
  private static func microseconds(_ segmentation: Segmentation) -> Int {
    let sizes = Dictionary(segmentation.roles.map { ($0.name, $0.grants.count) }) { first, _ in first }
    return segmentation.identities.reduce(0) { sum, identity in
      sum + 5 + 2 * identity.roles.reduce(0) { $0 + (sizes[$1] ?? 0) }
    }
  }
}
