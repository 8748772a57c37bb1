import Arguments
import Segmentation
import Terminal

/// Flags for what `apply` refuses because lint has found it: each names the danger.
struct DangerOptions: ParsableArguments {
  @Flag(
    help: """
      Apply although the authority of the clients is one of etcd's servers (BH050): where peers trust it, each client \
      certificate writes every key at the peer port.
      """) var clientsCanActAsMembers = false
  @Flag(help: "Apply although an identity may write what Bulkhead records under /bulkhead/ (BH005).")
  var recordCanBeForged = false
  @Flag(help: "Apply although users have names that look alike (BH014).") var namesLookAlike = false

  private func isAccepted(_ danger: Danger) -> Bool {
    switch danger {
    case .clientsCanActAsMembers: clientsCanActAsMembers
    case .recordCanBeForged: recordCanBeForged
    case .namesLookAlike: namesLookAlike
    }
  }

  private static func flag(_ danger: Danger) -> String {
    switch danger {
    case .clientsCanActAsMembers: "--clients-can-act-as-members"
    case .recordCanBeForged: "--record-can-be-forged"
    case .namesLookAlike: "--names-look-alike"
    }
  }

  /// - Throws: ``CommandError`` for the first danger that is there and not accepted.
  func check(_ workspace: Workspace) throws {
    for danger in Danger.allCases where !isAccepted(danger) {
      guard
        let finding = danger.finding(in: workspace.segmentation, authority: workspace.authorityOverlap())
      else { continue }
      throw CommandError(
        "nothing was changed: \(finding.message) (\(danger.rule.id)): \(danger.rule.why)",
        hint: "\(danger.rule.advice); to apply in spite of that, add \(Self.flag(danger))")
    }
  }
}
