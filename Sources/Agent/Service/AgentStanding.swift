import AgentFile
import Credentials
import FoundationEssentials

/// The state of one identity's certificate, or of the revocation list, as reported to users.
package struct AgentStanding: Codable, Hashable, Sendable {
  package enum State: String, Codable, Sendable {
    /// Valid and not due.
    case good
    /// Valid, but due for renewal.
    case due
    /// Missing, unusable, or outside its validity period.
    case unusable
  }

  package enum Kind: String, Codable, Sendable { case certificate, revocationList }

  package let kind: Kind
  /// The certificate's Common Name; `revocation list` for the list.
  package let identity: String
  /// The folder of the certificate, or the file of the revocation list.
  package let directory: String
  package let state: State
  /// When the certificate ends; when the successor of the revocation list should be there.
  package let notAfter: Date?
  /// When it is due.
  package let renewal: Date?
  /// Why this check replaced the certificate; nil if it did not.
  package let renewed: String?
  /// The number of the revocation list; nil for a certificate.
  package let number: Int?
  /// What failed, and what to do.
  package let fault: String?
  package let hint: String?

  /// For an example of what the agent reports.
  init(example kind: Kind, _ identity: String, at moment: Date) {
    self.kind = kind
    self.identity = identity
    (directory, state) = ("/etc/bulkhead", .good)
    (notAfter, renewal) = (moment, moment)
    (renewed, fault, hint) = (nil, nil, nil)
    number = kind == .revocationList ? 1 : nil
  }

  init(_ keeper: CertificateRenewer, _ look: CertificateRenewer.Look, isDue: Bool, now: Date) {
    kind = .certificate
    identity = keeper.delivery.identity
    directory = keeper.delivery.directory
    let isUsable =
      look.held?.isValid(at: now) == true && look.damage?.isUsable != false && look.isCopied
    state = !isUsable ? .unusable : isDue ? .due : .good
    notAfter = look.held?.notAfter
    renewal = look.due
    renewed = look.renewed
    number = nil
    let fault =
      look.fault ?? look.damage?.fault ?? look.network
      ?? (look.held == nil || look.isCopied ? nil : Self.notCopied(keeper))
    self.fault = fault?.message
    hint = fault?.hint
  }

  private static func notCopied(_ keeper: CertificateRenewer) -> KeeperFault {
    KeeperFault(
      "the CNI plugin's copy in \(keeper.delivery.cniCopy ?? "") is not the certificate in "
        + keeper.delivery.directory,
      hint: "a running agent writes it within a minute; if it does not, its log says why")
  }

  init(_ keeper: ListKeeper, _ look: ListKeeper.Look, now: Date) {
    let isOver = look.list?.nextUpdate.map { $0 <= now } ?? false
    kind = .revocationList
    identity = "revocation list"
    directory = keeper.settings.file
    state = look.list == nil ? .unusable : isOver ? .due : .good
    notAfter = look.list?.nextUpdate
    renewal = nil
    renewed = look.isChanged ? "changed" : nil
    number = look.list?.number
    fault = look.fault?.message
    hint = look.fault?.hint
  }

  /// 0 if all is well, 2 if something is to be done, 1 if a certificate cannot be used.
  package static func exitCode(_ standings: [AgentStanding]) -> Int32 {
    if standings.contains(where: { $0.state == .unusable }) { return 1 }
    return standings.contains { $0.state == .due || $0.fault != nil } ? 2 : 0
  }

  /// For a probe: 0 if every certificate can be used, also one that is due; else 1.
  package static func probeExitCode(_ standings: [AgentStanding]) -> Int32 {
    standings.contains { $0.state == .unusable } ? 1 : 0
  }
}
