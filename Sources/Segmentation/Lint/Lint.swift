import Catalogue

/// Checks for known faults. Reports only what is certain.
package enum Lint {
  /// Every rule, in the order of the ids.
  package static let rules: [LintRule] =
    AccessLint.rules + GrantLint.rules + InstallationLint.rules + NodeLint.rules
    + AuthorityLint.rules + PasswordLint.rules + FileLint.rules

  /// The findings about the file and the segmentation that it defines, the most severe first.
  /// - Parameter overlap: how the authority of the clients depends on those of the servers; nil if that is not
  ///   known.
  /// - Parameter ended: The accepted findings of the file whose last day is over.
  /// - Throws: ``CatalogueError`` if the file cannot be resolved.
  package static func findings(
    _ file: SegmentationFile, catalogue: Catalogue, authority overlap: AuthorityOverlap? = nil,
    ended: [AcceptedFinding] = []
  ) throws(CatalogueError) -> [LintFinding] {
    let segmentation = try Segmentation(file, catalogue: catalogue)
    return sorted(
      AccessLint.findings(segmentation) + AccessLint.names(segmentation, file: file)
        + GrantLint.findings(segmentation, nodes: file.nodes)
        + (try InstallationLint.findings(file, catalogue: catalogue))
        + NodeLint.findings(file, segmentation, catalogue: catalogue) + AuthorityLint.findings(overlap)
        + FileLint.findings(file.ruleResults(in: segmentation), ended: ended))
  }

  /// The findings about the users and roles of a running cluster, the most severe first.
  /// - Parameters:
  ///   - file: What the file requires of its users; nil if there is no file.
  ///   - rules: The rules of the file, checked in the cluster.
  package static func findings(
    _ cluster: Segmentation, file: Segmentation? = nil, rules: [RuleResult] = []
  ) -> [LintFinding] {
    sorted(
      AccessLint.findings(cluster) + AccessLint.observed(cluster) + GrantLint.findings(cluster)
        + (file.map { PasswordLint.findings(cluster, file: $0) } ?? [])
        + FileLint.findings(rules, ended: []))
  }

  private static func sorted(_ findings: [LintFinding]) -> [LintFinding] {
    // The position keeps the order of the identities among findings of one rule.
    findings.enumerated().sorted { left, right in
      let (a, b) = (left.element.rule, right.element.rule)
      if a.severity != b.severity { return a.severity > b.severity }
      return a.id == b.id ? left.offset < right.offset : a.id < b.id
    }.map(\.element)
  }
}
