import Arguments
import Segmentation
import Terminal
import Text

/// Flags for what `apply` refuses because lint finds it in the file: each names the danger.
struct DangerOptions: ParsableArguments {
  @Flag(
    help: """
      Apply although the authority of the clients is one of etcd's servers (BH050): where peers trust it, each client \
      certificate writes every key at the peer port.
      """) var clientsCanActAsMembers = false
  @Flag(help: "Apply although an identity may write what Bulkhead records under /bulkhead/ (BH005).")
  var recordCanBeForged = false
  @Flag(help: "Apply although users have names that look alike (BH014).") var namesLookAlike = false
  @Flag(
    help: """
      Apply although the file breaks one of its own 'rules' (BH070) that its 'accept' does not name.
      """) var rulesAreBroken = false

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
    if !rulesAreBroken { try checkRules(workspace) }
  }

  private func checkRules(_ workspace: Workspace) throws {
    let acceptances = workspace.acceptances()
    let broken = workspace.file.ruleResults(in: workspace.segmentation).first { result in
      !result.holds && acceptances.reason(for: [FileLint.broken.id], at: "rule \(result.rule.name)") == nil
    }
    guard let broken, let example = broken.violations.first else { return }
    throw CommandError(
      "nothing was changed: the file breaks its rule \(quoted(broken.rule.name)) (\(visible(broken.rule.sentence))): "
        + visible(example.sentence),
      hint: "\(FileLint.broken.advice); to apply in spite of that, add --rules-are-broken")
  }
}
