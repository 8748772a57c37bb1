import Etcd
import Names

/// Whether one member accepts TLS connections of a client: whether it trusts the authority of the client's
/// certificate.
package enum Trust: Hashable, Sendable {
  case trusted
  /// The member refused the certificate in the TLS handshake. The value is the TLS alert that it sent.
  case refused(String)
  /// Nothing is known. The value is the error of the last attempt.
  case unknown(String)
}

/// Finds out whether every member accepts a client's certificate.
///
/// An answer of etcd, whatever it says, shows that TLS has accepted the certificate: with authentication on,
/// some releases allow Status to root only (etcd 3.4.42 to 3.4.45, 3.5.28 to 3.5.31 and 3.6.0 to 3.6.11). Only
/// a TLS alert about the certificate shows that it was refused; every other failure shows nothing.
struct TrustCheck {
  /// All members, each at an address that leads to it alone.
  let members: ClusterMembers
  let timeout: Duration

  /// Reads the members.
  /// - Parameters:
  ///   - endpoints: Those of the file.
  ///   - administrator: Credentials that every member accepts.
  /// - Throws: ``RolloverRefusal`` if a member is unreachable, learners included: it would later refuse its
  ///   clients, or trust an authority that is said to be replaced.
  init(_ endpoints: [Endpoint], as administrator: ClientCredentials, timeout: Duration) async throws {
    self.timeout = timeout
    members = try await EtcdClient.connect(to: endpoints, as: administrator, timeout: timeout) {
      try await ClusterMembers.read($0, as: administrator)
    }
    for member in members.all {
      guard let problem = member.problem else { continue }
      throw RolloverRefusal(
        "the member \(member.name) is unreachable: \(problem)",
        hint: "start it, or remove it from the cluster with 'etcdctl member remove' if it is gone for good")
    }
  }

  /// - Throws: ``RolloverRefusal`` for the first member that does not accept the certificate.
  func expectTrust(of credentials: ClientCredentials, of subject: String, hint: String) async throws {
    for member in members.all {
      guard let endpoint = member.endpoint else { continue }
      switch await trust(of: credentials, at: endpoint) {
      case .trusted: break
      case .refused(let alert):
        throw RolloverRefusal(
          "the member \(member.name) at \(endpoint) refuses \(subject): \(alert)", hint: hint)
      case .unknown(let error): throw unknown(member, endpoint, error)
      }
    }
  }

  /// - Throws: ``RolloverRefusal`` for the first member that does not refuse the certificate in the handshake.
  func expectRefusal(of credentials: ClientCredentials, of subject: String, hint: String) async throws {
    for member in members.all {
      guard let endpoint = member.endpoint else { continue }
      switch await trust(of: credentials, at: endpoint) {
      case .refused: break
      case .trusted:
        throw RolloverRefusal(
          "the member \(member.name) at \(endpoint) still accepts \(subject)", hint: hint)
      case .unknown(let error): throw unknown(member, endpoint, error)
      }
    }
  }

  private func unknown(_ member: ClusterMember, _ endpoint: Endpoint, _ error: String) -> RolloverRefusal {
    RolloverRefusal(
      "the member \(member.name) at \(endpoint) does not show which certificates it accepts: \(error)",
      hint: "wait until the member answers, and run the same command again")
  }

  func trust(of credentials: ClientCredentials, at endpoint: Endpoint) async -> Trust {
    var last = "no answer"
    // A member that has just started may need a retry; so does one that closes the connection before its alert
    // is read.
    for attempt in 1...5 {
      do {
        _ = try await EtcdClient.connect(to: [endpoint], as: credentials, timeout: timeout) {
          try await $0.status()
        }
        return .trusted
      } catch let error as EtcdError {
        switch error.origin {
        case .etcd: return .trusted
        case .connection(.clientCertificateRefused(let alert)): return .refused(alert)
        case .connection, .other: last = error.message
        }
      } catch { last = "\(error)" }
      try? await Task.sleep(for: .milliseconds(100 * attempt))
    }
    return .unknown(last)
  }
}
