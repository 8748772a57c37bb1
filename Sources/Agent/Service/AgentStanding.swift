import AgentFile
import FoundationEssentials

/// The state of one identity's certificate, as reported to users.
package struct AgentStanding: Codable, Hashable, Sendable {
  package enum State: String, Codable, Sendable {
    /// Valid and not due.
    case good
    /// Valid, but due for renewal.
    case due
    /// Missing, unusable, or outside its validity period.
    case unusable
  }

  package let identity: String
  package let directory: String
  package let state: State
  package let notAfter: Date?
  /// When it is due.
  package let renewal: Date?
  /// Why this check replaced the certificate; nil if it did not.
  package let renewed: String?
  /// What failed, and what to do.
  package let fault: String?
  package let hint: String?

  init(_ keeper: Keeper, _ look: Keeper.Look, isDue: Bool, now: Date) {
    identity = keeper.delivery.identity
    directory = keeper.delivery.directory
    state = look.held?.isValid(at: now) != true ? .unusable : isDue ? .due : .good
    notAfter = look.held?.notAfter
    renewal = look.due
    renewed = look.renewed
    fault = look.fault?.message
    hint = look.fault?.hint
  }

  /// 0 if all is well, 2 if something is to be done, 1 if a certificate cannot be used.
  package static func exitCode(_ standings: [AgentStanding]) -> Int32 {
    if standings.contains(where: { $0.state == .unusable }) { return 1 }
    return standings.contains { $0.state == .due || $0.fault != nil } ? 2 : 0
  }
}
