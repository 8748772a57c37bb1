import Etcd
import Names

/// Whether a member accepts TLS connections with a client certificate.
enum Acceptance: Hashable {
  case refused
  case accepted
  case unknown(String)

  /// Asks for the status with the certificate. An answer of etcd, whatever it says, means that TLS has accepted
  /// the certificate. A certificate on the revocation list gets no alert: etcd closes the connection after the
  /// handshake (etcd, `client/pkg/transport/listener_tls.go`). So a connection that ends means that the
  /// certificate was refused, if connections with other credentials succeed directly before and after.
  /// - Parameter reference: What differs from the certificate in one point only, which the refusal is then about.
  init(
    of credentials: ClientCredentials, besides reference: ClientCredentials, at endpoint: Endpoint,
    timeout: Duration
  ) async {
    func error(_ credentials: ClientCredentials) async -> EtcdError? {
      do {
        _ = try await EtcdClient.connect(to: [endpoint], as: credentials, timeout: timeout) {
          try await $0.status()
        }
        return nil
      } catch let error as EtcdError {
        return error.origin == .etcd ? nil : error
      } catch {
        return EtcdError(code: .other, operation: "Status", endpoint: "\(endpoint)", message: "\(error)")
      }
    }
    if let error = await error(reference) {
      self = .unknown(error.message)
      return
    }
    // Twice, so that one connection that broke for another reason does not count.
    for _ in 0..<2 {
      guard let failure = await error(credentials) else {
        self = .accepted
        return
      }
      if case .connection(.clientCertificateRefused) = failure.origin { break }
      guard failure.code == .unavailable else {
        self = .unknown(failure.message)
        return
      }
    }
    self = await error(reference).map { .unknown($0.message) } ?? .refused
  }
}

/// Whether each member of a cluster, from its member list, accepts a client certificate.
struct MembersAcceptance {
  let members: [(member: ClusterMember, acceptance: Acceptance)]

  /// - Parameters:
  ///   - reference: Credentials that differ from these in one point only, which a refusal is then about.
  ///   - administrator: Credentials that every member accepts.
  /// - Throws: `EtcdError` if the members cannot be read.
  init(
    of credentials: ClientCredentials, besides reference: ClientCredentials,
    as administrator: ClientCredentials, endpoints: [Endpoint], timeout: Duration
  ) async throws {
    let found = try await EtcdClient.connect(to: endpoints, as: administrator, timeout: timeout) {
      try await ClusterMembers.read($0, as: administrator)
    }
    var members: [(ClusterMember, Acceptance)] = []
    for member in found.all {
      guard let endpoint = member.endpoint else {
        members.append((member, .unknown(member.problem ?? "it has no address that answers")))
        continue
      }
      members.append(
        (member, await Acceptance(of: credentials, besides: reference, at: endpoint, timeout: timeout)))
    }
    self.members = members
  }

  func count(_ acceptance: Acceptance) -> Int { members.count { $0.acceptance == acceptance } }

  /// One line for each member.
  /// - Parameter what: what was accepted or refused, in the plural.
  func lines(_ what: String) -> [String] {
    members.map { member, acceptance in
      switch acceptance {
      case .accepted: "the member \(member.name) accepts \(what)"
      case .refused: "the member \(member.name) refuses \(what)"
      case .unknown(let reason):
        "the member \(member.name) does not show whether it accepts \(what): \(reason)"
      }
    }
  }
}
