import Etcd
import Segmentation

/// A step of the way from one certificate that everybody shares to one for each, nobody being locked out in between:
/// first the new users are made, then authentication is turned on, then the programs change their certificates one after
/// the other, and when none uses the shared one any more its user goes.
package enum Stage: String, CaseIterable, Sendable {
  /// Makes what the file wants and takes nothing from anybody. Whoever has the shared certificate keeps what it had:
  /// while authentication is off that is everything, so its user gets the role root until ``clean``.
  case prepare
  /// Turns authentication on where it is off.
  case `switch`
  /// Takes away what the file does not want, and the user of the shared certificate.
  case clean
}

extension Plan {
  /// The part of the plan that takes nothing away, and a user for the shared certificate.
  /// - Parameter shared: The Common Name of the certificate that is in use; nil if everybody has their own already.
  /// - Throws: ``StageRefusal``.
  package func preparing(shared: String?, from state: ClusterState) throws(StageRefusal) -> Plan {
    var changes = withoutLosses
    if let shared {
      if state.authEnabled, state.users[shared] == nil { throw .noSuchUser(shared) }
      if !state.authEnabled, shared != Role.root, state.users[shared]?.roles.contains(Role.root) != true {
        if state.users[shared] == nil { changes.append(.addUser(shared)) }
        changes.append(.link(user: shared, role: Role.root))
      }
    }
    return with(changes, from: state)
  }

  /// The whole plan, before the user of the shared certificate goes.
  /// - Throws: ``StageRefusal`` if that user must stay.
  package func cleaning(shared: String?, from state: ClusterState, _ desired: DesiredState, applicant: String)
    throws(StageRefusal) -> Plan
  {
    guard state.authEnabled else { throw .notSwitched }
    guard let shared else { return self }
    if shared == Role.root { throw .sharedIsRoot }
    if shared == applicant { throw .sharedIsApplicant(shared) }
    let wanted = desired.users.first { $0.name == shared }
    if wanted?.isExact == false { throw .sharedIsOthers(shared) }
    guard withoutLosses.isEmpty else { throw .notPrepared(withoutLosses.count) }
    // It goes by itself, last and watched: see SharedUser.
    return with(changes.filter { $0 != .deleteUser(shared) }, from: state)
  }

  /// No change of users and roles: they are there.
  /// - Throws: ``StageRefusal`` if somebody would miss what the file gives them, or what they had.
  package func switching(shared: String?, from state: ClusterState) throws(StageRefusal) -> Plan {
    let missing = try preparing(shared: shared, from: state)
    guard missing.isEmpty else { throw .notPrepared(missing.changes.count) }
    return missing
  }

  /// Without what somebody has to lose first: users that are made anew, ranges that are granted anew.
  private var withoutLosses: [Change] {
    let lost = Set(changes.filter(\.takesAway))
    let gone = Set(changes.compactMap { if case .deleteUser(let user) = $0 { user } else { nil } })
    return changes.filter { change in
      switch change {
      case .addUser(let user), .addPasswordUser(let user), .link(let user, _): !gone.contains(user)
      case .grant(let permission, let role):
        !lost.contains {
          if case .revoke(let other, role) = $0 { other.hasSameRange(as: permission) } else { false }
        }
      default: !change.takesAway
      }
    }
  }
}

/// Why a stage is not gone through.
package enum StageRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  case noSuchUser(String)
  case notPrepared(Int)
  case notSwitched
  case sharedIsRoot
  case sharedIsApplicant(String)
  case sharedIsOthers(String)
  case stillMounted(String, [String])

  package var description: String {
    switch self {
    case .noSuchUser(let user):
      "authentication is on, and there is no user '\(user)' whose access could be kept"
    case .notPrepared(let count):
      "\(count) change\(count == 1 ? "" : "s") that the file wants \(count == 1 ? "is" : "are") still to be made, so somebody would miss an access"
    case .notSwitched: "authentication is off, so taking a user away would take nothing from anybody"
    case .sharedIsRoot: "the shared certificate is that of root, whom etcd keeps"
    case .sharedIsApplicant(let user): "the shared certificate is '\(user)', the one in hand"
    case .sharedIsOthers(let user): "'\(user)' is kube-apiserver's in the file, and stays"
    case .stillMounted(let secret, let pods):
      "\(pods.count) pod\(pods.count == 1 ? "" : "s") still mount\(pods.count == 1 ? "s" : "") the Secret '\(secret)': \(pods.prefix(8).joined(separator: ", "))\(pods.count > 8 ? ", …" : "")"
    }
  }

  package var hint: String {
    switch self {
    case .noSuchUser: "give --shared the Common Name of the certificate that the programs have now"
    case .notPrepared: "run 'bulkhead apply --stage prepare' first"
    case .notSwitched: "run 'bulkhead apply --stage switch' first"
    case .sharedIsRoot:
      "when nobody needs it any more, revoke the certificate with 'bulkhead certs revoke', or change the authority"
    case .sharedIsApplicant:
      "set etcd.certificate to an administrator's own: 'bulkhead certs issue --root' makes one"
    case .sharedIsOthers: "give kube-apiserver a certificate of its own, or leave --shared out"
    case .stillMounted: "segment their manifest with 'bulkhead manifest', roll them out, and run this again"
    }
  }
}
