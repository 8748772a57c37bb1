import Etcd
import Names

/// Finds out whether every member accepts a client's certificate.
///
/// A refusal shows something of the certificate's authority only if the same member accepts a certificate of another
/// authority that was made at the same moment: its clock may differ, and then it refuses both.
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
      switch await credentials.trust(at: endpoint, timeout: timeout) {
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
      switch await credentials.trust(at: endpoint, timeout: timeout) {
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

  /// Asks the peer ports, which may trust authorities of their own.
  /// - Returns: The peer URLs that could not be asked, each with the reason.
  /// - Throws: ``RolloverRefusal`` for the first peer port that accepts the certificate.
  func expectRefusalAtPeerPorts(of credentials: ClientCredentials, of subject: String) async throws
    -> [String]
  {
    var unknown: [String] = []
    for member in members.all {
      for url in member.peerURLs {
        switch await credentials.peerPort(url, timeout: timeout) {
        case .refused: break
        case .admitsClient:
          throw RolloverRefusal(
            "the peer port \(url) of the member \(member.name) still accepts \(subject)",
            hint:
              "remove the old authority from --peer-trusted-ca-file of every member, restart them one by one, and "
              + "try again")
        case .admitsAnyone: unknown.append("\(url) of \(member.name) admits clients without a certificate")
        case .unknown(let why): unknown.append("\(url) of \(member.name): \(why)")
        }
      }
    }
    return unknown
  }
}
