import Catalogue
import Keyspace

/// Rules about single grants, for those that are not from the catalogue.
enum GrantLint {
  static let rules = [endless, slash, star]

  static let endless = LintRule(
    "BH020", .error, "a grant has no end",
    why: "it covers every later key of every program, Kubernetes' included",
    advice: "grant a prefix that ends with a slash")
  static let slash = LintRule(
    "BH021", .warning, "a prefix ends within a name",
    why: "it also covers longer names: /nodes/n1 covers /nodes/n10",
    advice: "end the prefix with a slash, or grant the single key")
  static let star = LintRule(
    "BH022", .warning, "a grant has a literal star",
    why:
      "etcd has no wildcards: the star is an ordinary character, so the grant covers almost nothing (etcd issue 5896)",
    advice: "grant a prefix")

  /// - Parameter nodes: Node names that a prefix may end in, to list the other nodes that it covers.
  static func findings(_ segmentation: Segmentation, nodes: [NodeName] = []) -> [LintFinding] {
    segmentation.roles.flatMap { role in
      role.grants.filter(\.why.isEmpty).flatMap { findings($0.grant, of: role.name, nodes: nodes) }
    }
  }

  private static func findings(_ grant: Grant, of role: String, nodes: [NodeName]) -> [LintFinding] {
    var findings: [LintFinding] = []
    if grant.range.upper == nil, !grant.range.isEmpty {
      findings.append(
        LintFinding(
          endless, .role(role), "the grant '\(grant)' covers every key from \(grant.range.lower) on"))
    }
    if let prefix = grant.range.prefix, grant.range.singleKey == nil, let last = prefix.bytes.last,
      isPartOfAName(last)
    {
      let text = String(decoding: prefix.bytes, as: UTF8.self)
      let reached = nodes.filter { node in
        nodes.contains { text.hasSuffix("/\($0)") && node != $0 && node.text.hasPrefix($0.text) }
      }
      findings.append(
        LintFinding(
          slash, .role(role), "the prefix \(prefix) of the grant '\(grant)' does not end with a slash",
          details: reached.map { "it also covers keys of node \($0)" }))
    }
    if grant.range.lower.bytes.contains(UInt8(ascii: "*")) {
      findings.append(LintFinding(star, .role(role), "the grant '\(grant)' has a star in its key"))
    }
    return findings
  }

  private static func isPartOfAName(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20)
  }
}
