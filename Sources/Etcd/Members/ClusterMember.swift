import Names

/// A member of the cluster's member list, and what it answered.
package struct ClusterMember: Hashable, Sendable, Identifiable {
  /// The member's number in the member list.
  package let id: UInt64
  /// Its name; its number in hexadecimal, as `etcdctl member list` prints it, if it has not started yet.
  package let name: String
  package let peerURLs: [String]
  /// The addresses that it advertises to clients; empty if it has not started yet.
  package let clientURLs: [String]
  /// A learner receives the log but has no vote, and does not process most calls.
  package let isLearner: Bool
  /// The endpoints of the file that lead to this member and to no other, in the file's order.
  package let endpointsInFile: [Endpoint]
  package let reach: Reach

  /// Whether the member answers.
  package enum Reach: Hashable, Sendable {
    /// It returned its status at this address, which leads to no other member.
    case answers(at: Endpoint, MemberStatus)
    /// The reason, as the end of a sentence: `connection refused by 10.0.0.11:2379`.
    case unreachable(String)
    /// It answers at this address that it sees no user: it runs without `--client-cert-auth`.
    case ignoresCertificates(at: Endpoint)

    /// Whether the member returned its status.
    var isAnswer: Bool { if case .answers = self { true } else { false } }
  }

  package init(
    id: UInt64, name: String, peerURLs: [String] = [], clientURLs: [String] = [], isLearner: Bool = false,
    endpointsInFile: [Endpoint] = [], reach: Reach
  ) {
    self.id = id
    self.name = name
    self.peerURLs = peerURLs
    self.clientURLs = clientURLs
    self.isLearner = isLearner
    self.endpointsInFile = endpointsInFile
    self.reach = reach
  }

  /// The address at which the member answers, and no other member does; nil if it is unreachable.
  package var endpoint: Endpoint? {
    if case .answers(let endpoint, _) = reach { endpoint } else { nil }
  }

  package var status: MemberStatus? {
    if case .answers(_, let status) = reach { status } else { nil }
  }

  /// The release of the member; nil if it is unreachable.
  package var version: EtcdVersion? { status?.version }

  /// Why the member cannot be used; nil if it answers.
  package var problem: String? {
    switch reach {
    case .answers: nil
    case .unreachable(let problem): problem
    case .ignoresCertificates: "it ignores client certificates: it runs without --client-cert-auth"
    }
  }

  /// Whether the member answers that it sees no user although the client has a certificate.
  package var ignoresCertificates: Bool {
    if case .ignoresCertificates = reach { true } else { false }
  }

  /// The client URLs without TLS. A client there has no identity, and needs no certificate.
  package var plainURLs: [String] { clientURLs.filter { $0.lowercased().hasPrefix("http://") } }
}
