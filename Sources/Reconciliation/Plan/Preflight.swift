import Certificates
import Etcd
import Segmentation

/// Whether authentication can be turned on, and which users would be locked out.
package struct Preflight: Sendable {
  package let authEnabled: Bool
  /// Why Bulkhead would refuse to turn it on.
  package let obstacles: [EnableAuthRefusal]
  /// Users that lack what the file gives them, or do not exist.
  package let lockedOut: [LockedOut]
  /// Members whose store is nearly full. A member with a full store refuses writes, and before 3.6 it then
  /// checks no permissions.
  package let nearlyFull: [String]
  /// Members whose server certificate has a user's name as its Common Name.
  package let impersonations: [Impersonation]
  /// Members whose server certificate could not be read, so that its Common Name is unknown.
  package let unseen: [Unseen]

  /// etcd's JSON gateway forwards requests with the member's own server certificate. If a client sends one
  /// without an `Accept` header, and with a certificate that has no Common Name, etcd treats it as the user
  /// that the server certificate names (etcd, `server/auth/store.go`, `AuthInfoFromTLS`).
  package struct Impersonation: Hashable, Sendable {
    package let member: String
    package let user: String
  }

  /// A member whose server certificate could not be read, and why.
  package struct Unseen: Hashable, Sendable {
    package let member: String
    package let reason: String
  }

  /// A user that would lack access, and why.
  package struct LockedOut: Hashable, Sendable {
    package let user: String
    package let reason: String
  }

  /// Whether nothing speaks against turning authentication on.
  package var isSafe: Bool {
    obstacles.isEmpty && lockedOut.isEmpty && nearlyFull.isEmpty && impersonations.isEmpty && unseen.isEmpty
  }

  /// - Parameters:
  ///   - credentials: Those of `etcd`, to read the quota from the members' metrics.
  ///   - shared: The Common Name of a shared certificate that programs use and that the file may not name.
  package static func check(
    _ etcd: EtcdClient, as credentials: ClientCredentials, desired: DesiredState, state: ClusterState,
    applicant: String, shared: String? = nil
  ) async throws -> Preflight {
    let members = try await ClusterMembers.read(etcd, as: credentials)
    var nearlyFull: [String] = []
    for member in members.reachable {
      guard let space = await member.space(as: credentials), !space.isEnough else { continue }
      nearlyFull.append("\(member.name): \(space.description)")
    }
    let users = Set(state.users.keys).union(desired.users.map(\.name)).union(shared.map { [$0] } ?? [])
    let (impersonations, unseen) = await impersonations(of: users, members, as: credentials)
    return Preflight(
      authEnabled: state.authEnabled,
      obstacles: state.authEnabled
        ? []
        : try await EnableAuth(etcd, as: credentials).obstacles(
          applicant: applicant, state: state, members),
      lockedOut: lockedOut(desired, state, shared: shared), nearlyFull: nearlyFull,
      impersonations: impersonations, unseen: unseen)
  }

  private static func impersonations(
    of users: Set<String>, _ members: ClusterMembers, as credentials: ClientCredentials
  ) async -> ([Impersonation], [Unseen]) {
    var found: [Impersonation] = []
    var unseen: [Unseen] = []
    for member in members.all {
      guard let endpoint = member.endpoint else {
        unseen.append(Unseen(member: member.name, reason: member.problem ?? "it did not answer"))
        continue
      }
      do {
        let certificate = try await EtcdClient.serverCertificate(of: endpoint, as: credentials)
        guard let facts = CertificateFacts(der: certificate) else {
          unseen.append(Unseen(member: member.name, reason: "it cannot be read"))
          continue
        }
        if let user = facts.user, users.contains(user) {
          found.append(Impersonation(member: member.name, user: user))
        }
      } catch {
        unseen.append(Unseen(member: member.name, reason: "\(error)"))
      }
    }
    return (found, unseen)
  }

  /// Users that do not exist in etcd, or that have less access there than in the file.
  static func lockedOut(_ desired: DesiredState, _ state: ClusterState, shared: String?) -> [LockedOut] {
    let incomplete = Set(
      desired.roles.filter { role in
        let held = state.roles[role.name] ?? []
        return role.permissions.contains { wanted in
          !held.contains { $0.hasSameRange(as: wanted) && $0.access.isSuperset(of: wanted.access) }
        }
      }.map(\.name))
    var found: [LockedOut] = []
    for user in desired.users {
      guard let held = state.users[user.name]?.roles else {
        found.append(LockedOut(user: user.name, reason: "there is no such user"))
        continue
      }
      let missing = user.roles.filter { !held.contains($0) }
      let short = user.roles.filter { held.contains($0) && incomplete.contains($0) }
      if !missing.isEmpty {
        found.append(LockedOut(user: user.name, reason: "lacks the role \(missing.joined(separator: ", "))"))
      } else if !short.isEmpty {
        found.append(
          LockedOut(user: user.name, reason: "its role \(short.joined(separator: ", ")) lacks grants"))
      }
    }
    if let shared, !desired.users.contains(where: { $0.name == shared }), state.users[shared] == nil {
      found.append(LockedOut(user: shared, reason: "the shared certificate's, there is no such user"))
    }
    return found
  }
}
