import Errors
import Names

/// Why the endpoints of a file cannot be used together.
package enum EndpointsRefusal: ExplainedError, Hashable, Sendable {
  /// These endpoints lead to another cluster than the others.
  case otherCluster([Endpoint], cluster: UInt64, others: UInt64)

  package var description: String {
    switch self {
    case .otherCluster(let endpoints, let cluster, let others):
      "\(endpoints.map(\.description).inSentence) \(endpoints.count == 1 ? "leads" : "lead") to the etcd "
        + "cluster \(String(cluster, radix: 16)), the other endpoints to \(String(others, radix: 16))"
    }
  }

  package var hint: String? {
    switch self {
    case .otherCluster: "list under etcd.endpoints only members of one cluster"
    }
  }
}

extension ClusterMembers {
  /// How long a member may take to return its status, before it counts as unreachable.
  static let patience: Duration = .seconds(3)

  /// Reads the member list and asks every member for its status: at the endpoints of the file, which `etcd`
  /// is connected to, and a member that is behind none of them at the addresses that it advertises.
  ///
  /// An endpoint that the answering member does not advertise may be a load balancer. It is asked again over
  /// new connections, one more than there are members; if different members answer, it leads to no single
  /// one. A member is asked at an endpoint that it does not advertise only if it answers at no address that it does: a
  /// load balancer that sends each client to one member, or later ones to another, is not recognised.
  /// - Throws: ``EtcdError`` if no member returns the member list; ``EndpointsRefusal``.
  package static func read(
    _ etcd: EtcdClient, as credentials: ClientCredentials
  ) async throws -> ClusterMembers {
    let list = try await etcd.memberList()
    let answers = await statuses(of: etcd.endpoints) { endpoint in
      do throws(EtcdError) {
        return .success(try await etcd.only(endpoint).within(patience).statusAsUser())
      } catch { return .failure(error) }
    }
    let foreign = answers.filter { (try? $0.result.get()).map { $0.clusterID != list.clusterID } ?? false }
    if let other = try foreign.first?.result.get().clusterID {
      throw EndpointsRefusal.otherCluster(
        foreign.map(\.endpoint), cluster: other, others: list.clusterID)
    }
    return await ClusterMembers(list, answers, as: credentials)
  }

  /// An endpoint of the file and what its member answered.
  typealias EndpointStatus = (endpoint: Endpoint, result: Result<MemberStatus, EtcdError>)

  /// Asks all endpoints at the same time; the answers have the order of `endpoints`.
  ///
  /// `ask` returns a `Result`: in release builds of Swift 6.3.1, a task that called a closure with a typed error gave
  /// answers to other endpoints than it had asked.
  private static func statuses(
    of endpoints: [Endpoint],
    _ ask: @escaping @Sendable (Endpoint) async -> Result<MemberStatus, EtcdError>
  ) async -> [EndpointStatus] {
    let answers = await concurrently(endpoints, limit: endpoints.count, ask)
    return zip(endpoints, answers).map { ($0, $1) }
  }

  private init(_ list: MemberList, _ answers: [EndpointStatus], as credentials: ClientCredentials) async {
    let names = Dictionary(list.members.map { ($0.id, $0.displayName) }) { first, _ in first }
    var notes: [MemberNote] = []
    var direct: [UInt64: [(endpoint: Endpoint, status: MemberStatus)]] = [:]
    var problems: [Endpoint: String] = [:]
    var open: Set<Endpoint> = []
    for (endpoint, result) in answers {
      switch result {
      case .success(let status):
        let members = await Self.members(
          behind: endpoint, first: status, list.members, as: credentials)
        if members.count > 1 {
          problems[endpoint] = "\(endpoint) is a load balancer or proxy"
          notes.append(.balanced(endpoint, members: members.map { names[$0] ?? $0.hexadecimal }.sorted()))
        } else if names[status.memberID] == nil {
          notes.append(.notListed(endpoint))
        } else {
          direct[status.memberID, default: []].append((endpoint, status))
        }
      case .failure(let error):
        problems[endpoint] = error.reason
        if error.code == .noIdentity { open.insert(endpoint) }
        // If a member advertises the endpoint, the member is reported.
        if !list.members.contains(where: { $0.advertises(endpoint) }) {
          notes.append(.silentEndpoint(endpoint, error.reason))
        }
      }
    }
    let all = await withTaskGroup(of: ClusterMember.self) { [direct, problems, open] group in
      for member in list.members {
        group.addTask {
          let found = direct[member.id] ?? []
          var reach = found.first { list.members.count == 1 || member.advertises($0.endpoint) }
            .map { ClusterMember.Reach.answers(at: $0.endpoint, $0.status) }
          if reach == nil { reach = await Self.ask(member, problems, open, as: credentials) }
          if reach?.isAnswer != true, let other = found.first {
            reach = .answers(at: other.endpoint, other.status)
          }
          return ClusterMember(
            id: member.id, name: member.displayName, peerURLs: member.peerURLs,
            clientURLs: member.clientURLs, isLearner: member.isLearner,
            endpointsInFile: answers.map(\.endpoint).filter { endpoint in
              // An endpoint that does not answer belongs to the member that advertises it.
              found.contains { $0.endpoint == endpoint }
                || problems[endpoint] != nil && member.advertises(endpoint)
            }, reach: reach ?? .unreachable("it did not answer"))
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    notes += all.compactMap { member -> MemberNote? in
      guard list.members.count > 1, let endpoint = member.endpoint, !member.isLearner,
        !member.clientURLs.contains(where: { (try? Endpoint($0)) == endpoint })
      else { return nil }
      return .notAdvertised(endpoint, member: member.name)
    }
    self.init(clusterID: list.clusterID, all: all, endpointNotes: notes)
  }

  /// The numbers of the members that an endpoint leads to.
  private static func members(
    behind endpoint: Endpoint, first: MemberStatus, _ listed: [Member], as credentials: ClientCredentials
  ) async -> Set<UInt64> {
    let advertising = listed.filter { $0.advertises(endpoint) }.map(\.id)
    guard listed.count > 1, advertising != [first.memberID] else { return [first.memberID] }
    // At the same time, because a load balancer may prefer the member with the fewest connections.
    let again = await statuses(of: Array(repeating: endpoint, count: listed.count + 1)) { endpoint in
      do throws(EtcdError) {
        return .success(try await statusOverNewConnection(endpoint, as: credentials))
      } catch { return .failure(error) }
    }
    return again.reduce(into: [first.memberID]) {
      if let status = try? $1.result.get() { $0.insert(status.memberID) }
    }
  }

  /// Asks a member that is behind none of the given endpoints, at the client URLs that it advertises.
  /// - Parameters:
  ///   - problems: Why endpoints of the file cannot be used.
  ///   - open: Those of them at which the member answered that it sees no user.
  private static func ask(
    _ member: Member, _ problems: [Endpoint: String], _ open: Set<Endpoint>,
    as credentials: ClientCredentials
  ) async -> ClusterMember.Reach {
    guard !member.clientURLs.isEmpty else { return .unreachable("it has not started yet") }
    var problem = "it advertises no https address"
    for url in member.clientURLs {
      guard let endpoint = try? Endpoint(url) else { continue }
      if open.contains(endpoint) { return .ignoresCertificates(at: endpoint) }
      if let known = problems[endpoint] {
        problem = known
        continue
      }
      do throws(EtcdError) {
        let status = try await statusOverNewConnection(endpoint, as: credentials)
        guard status.memberID == member.id else {
          problem = "another member answers at \(endpoint), which it advertises"
          continue
        }
        return .answers(at: endpoint, status)
      } catch {
        if error.code == .noIdentity { return .ignoresCertificates(at: endpoint) }
        problem = error.reason
      }
    }
    return .unreachable(problem)
  }

  private static func statusOverNewConnection(
    _ endpoint: Endpoint, as credentials: ClientCredentials
  ) async throws(EtcdError) -> MemberStatus {
    do {
      return try await EtcdClient.connect(to: [endpoint], as: credentials, timeout: patience) {
        try await $0.statusAsUser()
      }
    } catch let error as EtcdError {
      throw error
    } catch {
      throw EtcdError(
        code: .other, operation: "Status", endpoint: endpoint.description, message: "\(error)")
    }
  }
}

extension EtcdClient {
  /// The status; a member that sees no user throws that, also where its release returns the status to any client.
  fileprivate func statusAsUser() async throws(EtcdError) -> MemberStatus {
    let status = try await status()
    try await checkUserIsSeen()
    return status
  }
}

extension Member {
  /// Its name, or its number if it has not started yet.
  fileprivate var displayName: String { name.isEmpty ? id.hexadecimal : name }

  fileprivate func advertises(_ endpoint: Endpoint) -> Bool {
    clientURLs.contains { (try? Endpoint($0)) == endpoint }
  }
}

extension UInt64 {
  fileprivate var hexadecimal: String { String(self, radix: 16) }
}

extension EtcdClient {
  /// Connects to the endpoints of a file, reads the members, and runs `body` with a client of every voting
  /// member that answers, those outside the file included.
  /// - Parameters:
  ///   - endpoints: Those of the file, at least one.
  ///   - body: Its client has one endpoint for each member; the endpoints of the file if no member can be
  ///     reached alone, as behind a load balancer.
  /// - Throws: As ``ClusterMembers/read(_:as:)`` and `body`.
  package static func connectToMembers<Result: Sendable>(
    behind endpoints: [Endpoint], as credentials: ClientCredentials, timeout: Duration = .seconds(8),
    _ body: @Sendable (EtcdClient, ClusterMembers) async throws -> Result
  ) async throws -> Result {
    try await connect(to: endpoints, as: credentials, timeout: timeout) { etcd in
      let members = try await ClusterMembers.read(etcd, as: credentials)
      let found = members.endpoints
      guard !found.isEmpty, Set(found) != Set(endpoints) else { return try await body(etcd, members) }
      // The order of the file is kept: its first endpoint is asked first.
      let inFile = endpoints.filter(found.contains)
      return try await connect(
        to: inFile + found.filter { !inFile.contains($0) }, as: credentials, timeout: timeout
      ) { try await body($0, members) }
    }
  }
}
