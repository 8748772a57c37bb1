import Names

/// The members of a cluster as they are: what each command that speaks of "every member" asks.
///
/// The members come from the cluster's member list, not from the endpoints of the file: an endpoint may be a
/// load balancer that leads to several members, several endpoints may lead to one member, and a member may be
/// behind none. ``notes`` says so.
///
/// ``read(_:as:)`` makes one. To make calls at every member, connect to ``endpoints``, one for each voting
/// member that answers, and use ``EtcdClient/only(_:)``.
package struct ClusterMembers: Hashable, Sendable {
  /// The number of the cluster, in the header of each answer of etcd.
  package let clusterID: UInt64
  /// All members, learners included, in the order of their names.
  package let all: [ClusterMember]
  /// What is unusual in the endpoints of the file.
  package let endpointNotes: [MemberNote]

  package init(clusterID: UInt64, all: [ClusterMember], endpointNotes: [MemberNote] = []) {
    self.clusterID = clusterID
    self.all = all.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    self.endpointNotes = endpointNotes
  }

  /// The members that have a vote. Learners are asked only for their release: they do not process other calls.
  package var voting: [ClusterMember] { all.filter { !$0.isLearner } }
  package var learners: [ClusterMember] { all.filter(\.isLearner) }
  /// The voting members that answer.
  package var reachable: [ClusterMember] { voting.filter { $0.endpoint != nil } }
  package var unreachable: [ClusterMember] { voting.filter { $0.endpoint == nil } }
  /// One address for each voting member that answers, in the order of ``reachable``.
  package var endpoints: [Endpoint] { reachable.compactMap(\.endpoint) }
  /// The release of each member, learners included; nil for a member that does not answer.
  package var versions: [EtcdVersion?] { all.map(\.version) }

  /// The member at one of ``endpoints``.
  package subscript(endpoint: Endpoint) -> ClusterMember? { all.first { $0.endpoint == endpoint } }

  /// Which members were asked, for a sentence that claims something of them: `3 of 3 members`, or
  /// `2 of 3 members: etcd-3 is unreachable`.
  package var asked: String { asked(reachable) }

  /// The same if only these members answered a later call.
  package func asked(_ members: [ClusterMember]) -> String {
    let missing = voting.filter { member in !members.contains { $0.id == member.id } }
    let count = "\(voting.count - missing.count) of \(voting.count) member\(voting.count == 1 ? "" : "s")"
    let silent = missing.filter { !$0.ignoresCertificates }.map(\.name)
    let open = missing.filter(\.ignoresCertificates).map(\.name)
    let reasons =
      (silent.isEmpty ? [] : ["\(silent.inSentence) \(silent.count == 1 ? "is" : "are") unreachable"])
      + (open.isEmpty
        ? [] : ["\(open.inSentence) \(open.count == 1 ? "ignores" : "ignore") client certificates"])
    return reasons.isEmpty ? count : "\(count): \(reasons.joined(separator: ", "))"
  }

  /// What is unusual in the members and in the endpoints of the file: each is a finding of preflight, and a
  /// line on standard error of the other commands.
  package var notes: [MemberNote] {
    let found = all.flatMap { member -> [MemberNote] in
      var notes: [MemberNote] = []
      if member.isLearner { notes.append(.learner(member.name)) }
      if let problem = member.problem, !member.isLearner {
        notes.append(
          member.ignoresCertificates
            ? .ignoresCertificates(member.name) : .unreachable(member.name, problem))
      }
      notes += member.plainURLs.map { .plainHTTP(member.name, url: $0) }
      if !member.isLearner, member.endpointsInFile.isEmpty {
        notes.append(.notInFile(member.name, answersAt: member.endpoint))
      }
      if member.endpointsInFile.count > 1 {
        notes.append(.severalEndpoints(member.name, member.endpointsInFile))
      }
      return notes
    }
    return found + endpointNotes
  }
}

/// Something unusual in the members of a cluster or in the endpoints of the file that lead to them.
package enum MemberNote: Hashable, Sendable {
  /// The member is a learner: it is left out.
  case learner(String)
  /// The member does not answer, and why.
  case unreachable(String, String)
  /// The member answers that it sees no user: it runs without `--client-cert-auth`.
  case ignoresCertificates(String)
  /// The member advertises an address without TLS, where a client has no identity.
  case plainHTTP(String, url: String)
  /// No endpoint of the file leads to this member alone. It is asked at an address that it advertises.
  case notInFile(String, answersAt: Endpoint?)
  /// Several endpoints of the file lead to this member.
  case severalEndpoints(String, [Endpoint])
  /// A load balancer or proxy: new connections to this endpoint lead to these members by turns.
  case balanced(Endpoint, members: [String])
  /// The member at this endpoint of the file is not in the member list: it was removed from the cluster, or
  /// has just joined.
  case notListed(Endpoint)
  /// The member answers at this endpoint of the file, which is no address that it advertises, and at none of those.
  case notAdvertised(Endpoint, member: String)
  /// This endpoint of the file does not answer, and why; the member behind it may answer elsewhere.
  case silentEndpoint(Endpoint, String)

  package var description: String {
    switch self {
    case .learner(let member): "the member \(member) is a learner and is left out"
    case .unreachable(let member, let problem): "the member \(member) is unreachable: \(problem)"
    case .ignoresCertificates(let member):
      "the member \(member) ignores client certificates: it runs without --client-cert-auth"
    case .plainHTTP(let member, let url):
      "the member \(member) advertises \(url), where etcd cannot identify clients"
    case .notInFile(let member, let endpoint?):
      "the file lists no endpoint of the member \(member), which is asked at \(endpoint)"
    case .notInFile(let member, nil): "the file lists no endpoint of the member \(member)"
    case .severalEndpoints(let member, let endpoints):
      "\(endpoints.map(\.description).inSentence) lead to the same member, \(member)"
    case .balanced(let endpoint, let members):
      "\(endpoint) is a load balancer or proxy: it leads to the members \(members.inSentence)"
    case .notListed(let endpoint):
      "the member at \(endpoint) is not in the cluster's member list"
    case .notAdvertised(let endpoint, let member):
      "the member \(member) is asked at \(endpoint), which it does not advertise: a proxy there may lead to another member later"
    case .silentEndpoint(let endpoint, let problem): "the endpoint \(endpoint) does not answer: \(problem)"
    }
  }
}

extension [String] {
  /// `a`, `a and b`, `a, b and c`.
  var inSentence: String {
    guard let last, count > 1 else { return first ?? "" }
    return dropLast().joined(separator: ", ") + " and " + last
  }
}
