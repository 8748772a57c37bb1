import Endpoints
import Etcd

/// A member of the cluster and its status, if it answered.
package struct SurveyedMember: Sendable {
  package let name: String
  /// The endpoint that answered; nil if none did.
  package let endpoint: Endpoint?
  package let status: MemberStatus?
  /// Why it did not answer; nil if it did.
  package let problem: String?

  /// The etcd release of the member; nil if it did not answer.
  package var version: EtcdVersion? { status?.version }

  /// Asks every member in the cluster's member list, at any address that it advertises, not only the
  /// endpoints in the file.
  static func all(
    of etcd: EtcdClient, as credentials: ClientCredentials
  ) async throws(EtcdError) -> [SurveyedMember] {
    let listed = try await etcd.members()
    // A member that hangs gets a short timeout and counts as unknown.
    let patience = Duration.seconds(3)
    let given = await withTaskGroup(of: (Endpoint, Result<MemberStatus, EtcdError>).self) { group in
      for endpoint in etcd.endpoints {
        group.addTask { (endpoint, await status(of: etcd.only(endpoint).within(patience))) }
      }
      return await group.reduce(into: [(Endpoint, Result<MemberStatus, EtcdError>)]()) { $0.append($1) }
    }
    var known: [UInt64: (Endpoint, MemberStatus)] = [:]
    var problems: [Endpoint: EtcdError] = [:]
    for (endpoint, result) in given {
      switch result {
      case .success(let status): known[status.memberID] = (endpoint, status)
      case .failure(let error): problems[endpoint] = error
      }
    }
    var members: [SurveyedMember] = []
    for member in listed {
      let name = member.name.isEmpty ? String(member.id, radix: 16) : member.name
      if let (endpoint, status) = known[member.id] {
        members.append(.init(name: name, endpoint: endpoint, status: status, problem: nil))
        continue
      }
      members.append(await ask(member, name, problems, as: credentials, patience))
    }
    return members
  }

  /// Asks a member that is behind none of the given endpoints, at the client URLs that it advertises.
  private static func ask(
    _ member: Member, _ name: String, _ problems: [Endpoint: EtcdError], as credentials: ClientCredentials,
    _ patience: Duration
  ) async -> SurveyedMember {
    var problem = member.clientURLs.isEmpty ? "it has not started yet" : "it advertises no https address"
    for url in member.clientURLs {
      guard let endpoint = try? Endpoint(url) else { continue }
      if let error = problems[endpoint] {
        problem = "\(error)"
        continue
      }
      do {
        let status = try await EtcdClient.connect(to: [endpoint], as: credentials, timeout: patience) {
          try await $0.status()
        }
        guard status.memberID == member.id else {
          problem = "another member answers at \(endpoint)"
          continue
        }
        return SurveyedMember(name: name, endpoint: endpoint, status: status, problem: nil)
      } catch {
        problem = "\(error)"
      }
    }
    return SurveyedMember(name: name, endpoint: nil, status: nil, problem: problem)
  }

  private static func status(of etcd: EtcdClient) async -> Result<MemberStatus, EtcdError> {
    do { return .success(try await etcd.status()) } catch { return .failure(error) }
  }
}
