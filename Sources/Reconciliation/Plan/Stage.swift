import Errors
import Etcd
import Segmentation

/// A step of the migration from one shared certificate to one certificate per program, during which no
/// program loses access: create the new users; turn authentication on; change the certificates of the
/// programs one after the other; when no program uses the shared certificate any more, delete its user.
package enum Stage: String, CaseIterable, Sendable {
  /// Creates what the file defines and removes nothing. Programs with the shared certificate keep the access
  /// that they have: while authentication is off that is everything, so the shared user gets the role root
  /// until ``clean``.
  case prepare
  /// Turns authentication on if it is off.
  case `switch`
  /// Removes what is not in the file, and the user of the shared certificate.
  case clean
}

extension Plan {
  /// The part of the plan that removes nothing, plus a user for each shared certificate.
  /// - Parameter shared: The Common Names of the shared certificates; empty if each program has its own already.
  /// - Throws: ``StageRefusal``.
  package func preparing(shared: [String], from state: ClusterState) throws(StageRefusal) -> Plan {
    var changes = withoutLosses
    for shared in shared {
      if state.authEnabled, state.users[shared] == nil { throw .noSuchUser(shared) }
      if !state.authEnabled, shared != Role.root, state.users[shared]?.roles.contains(Role.root) != true {
        if state.users[shared] == nil, !changes.contains(.addUser(shared)) {
          changes.append(.addUser(shared))
        }
        changes.append(.link(user: shared, role: Role.root))
      }
    }
    return with(changes, from: state)
  }

  /// The whole plan, except for the deletion of the shared users.
  /// - Throws: ``StageRefusal`` if a shared user must stay.
  package func cleaning(
    shared: [String], from state: ClusterState, _ desired: DesiredState, applicant: String
  ) throws(StageRefusal) -> Plan {
    guard state.authEnabled else { throw .notSwitched }
    for shared in shared {
      if shared == Role.root { throw .sharedIsRoot }
      if shared == applicant { throw .sharedIsApplicant(shared) }
      let wanted = desired.users.first { $0.name == shared }
      if wanted?.isExact == false { throw .sharedIsOthers(shared) }
    }
    guard shared.isEmpty || withoutLosses.isEmpty else { throw .notPrepared(withoutLosses.count) }
    // The shared users are deleted separately, last and while refusals are counted: see ``WatchedRemoval``.
    let deletions = Set(shared.map(Change.deleteUser))
    return with(changes.filter { !deletions.contains($0) }, from: state)
  }

  /// An empty plan: the users and roles exist already.
  /// - Throws: ``StageRefusal`` if someone would lack access that the file gives them, or that they had.
  package func switching(shared: [String], from state: ClusterState) throws(StageRefusal) -> Plan {
    let missing = try preparing(shared: shared, from: state)
    guard missing.isEmpty else { throw .notPrepared(missing.changes.count) }
    return missing
  }

  /// The changes without those that need a loss first: users that are recreated, ranges that are granted
  /// again.
  var withoutLosses: [Change] {
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

/// Why a stage is refused.
package enum StageRefusal: ExplainedError, Hashable, Sendable {
  case noSuchUser(String)
  case notPrepared(Int)
  case notSwitched
  case sharedIsRoot
  case sharedIsApplicant(String)
  case sharedIsOthers(String)
  case stillMounted(String, [String])
  case memberUnreachable(String)

  package var description: String {
    switch self {
    case .noSuchUser(let user):
      "authentication is on, and the user '\(user)', whose access would be kept, does not exist"
    case .notPrepared(let count):
      "\(count) change\(count == 1 ? "" : "s") that the file wants \(count == 1 ? "is" : "are") still to be created, so a client would lose access"
    case .notSwitched: "authentication is off, so deleting a user would remove no access"
    case .sharedIsRoot: "the shared certificate belongs to root, which etcd does not delete"
    case .sharedIsApplicant(let user): "the shared certificate is '\(user)', which bulkhead itself uses"
    case .sharedIsOthers(let user): "'\(user)' is kube-apiserver's in the file, and stays"
    case .memberUnreachable(let member):
      "the member \(member) is unreachable, so the requests that it refuses cannot be counted"
    case .stillMounted(let secret, let pods):
      "\(pods.count) pod\(pods.count == 1 ? "" : "s") still mount\(pods.count == 1 ? "s" : "") the Secret '\(secret)': \(pods.prefix(8).joined(separator: ", "))\(pods.count > 8 ? ", …" : "")"
    }
  }

  package var hint: String? {
    switch self {
    case .noSuchUser: "give --shared the Common Name of the certificate that the programs have now"
    case .notPrepared: "run 'bulkhead apply --stage prepare' first"
    case .notSwitched: "run 'bulkhead apply --stage switch' first"
    case .sharedIsRoot:
      "when nothing uses it any more, revoke the certificate with 'bulkhead certs revoke', or change the authority"
    case .sharedIsApplicant:
      "set etcd.certificate to an administrator's own: 'bulkhead certs issue --root' makes one"
    case .sharedIsOthers: "give kube-apiserver its own certificate, or omit --shared"
    case .memberUnreachable: "start the member, and run this again"
    case .stillMounted: "segment their manifest with 'bulkhead manifest', roll them out, and run this again"
    }
  }
}
