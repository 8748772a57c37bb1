import Foundation

/// How one identity's certificate stands, for whoever runs the agent.
package struct AgentStanding: Codable, Hashable, Sendable {
  package enum State: String, Codable, Sendable {
    /// In its time, and not due.
    case good
    /// In its time, and it should have been renewed by now.
    case due
    /// There is none that could be used, or it is out of its time.
    case unusable
  }

  package let identity: String
  package let directory: String
  package let state: State
  package let notAfter: Date?
  /// When it is renewed.
  package let renewal: Date?
  /// Why a certificate was put in place just now; nil where none was.
  package let renewed: String?
  /// What is wrong, and what to do about it.
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

  /// 0 where all is well, 2 where something is to be done, 1 where a certificate cannot be used.
  package static func exitCode(_ standings: [AgentStanding]) -> Int32 {
    if standings.contains(where: { $0.state == .unusable }) { return 1 }
    return standings.contains { $0.state == .due || $0.fault != nil } ? 2 : 0
  }
}
