import Certificates
import Etcd
import Segmentation

/// Whether authentication can be turned on, and who would be locked out.
package struct Preflight: Sendable {
  package let authEnabled: Bool
  /// Why it would not be turned on.
  package let obstacles: [EnableAuthRefusal]
  /// Who would miss what the file gives them, or be nobody.
  package let lockedOut: [LockedOut]
  /// Members whose store is nearly full: a full one refuses writes, and before 3.6 then checks no permission.
  package let nearlyFull: [String]
  /// Members whose server certificate names a user.
  package let impersonations: [Impersonation]
  /// Members whose server certificate could not be seen, so that nobody knows whom it names.
  package let unseen: [Unseen]

  /// etcd's JSON gateway passes requests on with the member's own server certificate. Who sends one without an `Accept`
  /// header, and with a certificate that has no Common Name, is to etcd whom that certificate names (etcd,
  /// `server/auth/store.go`, `AuthInfoFromTLS`).
  package struct Impersonation: Hashable, Sendable {
    package let member: String
    package let user: String
  }

  package struct Unseen: Hashable, Sendable {
    package let member: String
    package let reason: String
  }

  package struct LockedOut: Hashable, Sendable {
    package let user: String
    package let reason: String
  }

  package var isSafe: Bool {
    obstacles.isEmpty && lockedOut.isEmpty && nearlyFull.isEmpty && impersonations.isEmpty && unseen.isEmpty
  }

  /// - Parameters:
  ///   - credentials: Those that `etcd` uses, to read what the members publish about their space.
  ///   - shared: The Common Name of a certificate that is in use and that the file may not name.
  package static func check(
    _ etcd: EtcdClient, as credentials: ClientCredentials, desired: DesiredState, state: ClusterState,
    applicant: String, shared: String? = nil
  ) async throws(EtcdError) -> Preflight {
    var nearlyFull: [String] = []
    for endpoint in etcd.endpoints {
      // One that is away is an obstacle already.
      guard let status = try? await etcd.only(endpoint).status() else { continue }
      let published = try? await Metrics.read(from: endpoint, as: credentials).quota
      guard let quota = status.quota ?? published, quota > 0 else { continue }
      let percent = status.databaseSize * 100 / quota
      if percent >= 90 { nearlyFull.append("\(endpoint): \(percent) % of its quota") }
    }
    let users = Set(state.users.keys).union(desired.users.map(\.name)).union(shared.map { [$0] } ?? [])
    let (impersonations, unseen) = try await impersonations(of: users, etcd, as: credentials)
    return Preflight(
      authEnabled: state.authEnabled,
      obstacles: state.authEnabled
        ? [] : try await EnableAuth(etcd).obstacles(applicant: applicant, state: state),
      lockedOut: lockedOut(desired, state, shared: shared), nearlyFull: nearlyFull,
      impersonations: impersonations, unseen: unseen)
  }

  private static func impersonations(
    of users: Set<String>, _ etcd: EtcdClient, as credentials: ClientCredentials
  ) async throws(EtcdError) -> ([Impersonation], [Unseen]) {
    var found: [Impersonation] = []
    var unseen: [Unseen] = []
    for member in try await SurveyedMember.all(of: etcd, as: credentials) {
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

  /// Whose certificate would be nobody's, or allow less than the file says.
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
