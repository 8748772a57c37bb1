/// Findings of lint that make a segmentation ineffective for everyone, and which `apply` therefore refuses.
package enum Danger: CaseIterable, Sendable {
  /// BH005.
  case recordCanBeForged
  /// BH014.
  case namesLookAlike
  /// BH050.
  case clientsCanActAsMembers

  package var rule: LintRule {
    switch self {
    case .recordCanBeForged: AccessLint.record
    case .namesLookAlike: AccessLint.lookAlike
    case .clientsCanActAsMembers: AuthorityLint.shared
    }
  }

  /// The first finding of this kind; nil without one.
  /// - Parameter overlap: how the authority of the clients depends on those of the servers; nil if that is not known.
  package func finding(in segmentation: Segmentation, authority overlap: AuthorityOverlap?) -> LintFinding? {
    switch self {
    case .recordCanBeForged: AccessLint.writersOfRecord(segmentation).first
    case .namesLookAlike: AccessLint.lookAlikes(segmentation).first
    case .clientsCanActAsMembers: AuthorityLint.findings(overlap).first
    }
  }
}
