import Etcd
import Names

extension RunningEtcd {
  /// Asks the member at an endpoint for the member list, each member for its release, and whether authentication is
  /// on. Nothing is changed: authentication is seen from a login of root with an empty password.
  /// - Throws: as `EtcdClient.connectToMembers`.
  package static func ask(
    at endpoint: Endpoint, as credentials: ClientCredentials, timeout: Duration
  ) async throws -> RunningEtcd {
    try await EtcdClient.connectToMembers(behind: [endpoint], as: credentials, timeout: timeout) {
      etcd, members in
      let isAuthEnabled = try await etcd.only(endpoint).isAuthEnabled()
      var urls: [String] = []
      var without: [String] = []
      for member in members.voting {
        let secure = member.clientURLs.filter { (try? Endpoint($0)) != nil }
        let url = secure.first { !$0.isLoopbackURL } ?? (members.voting.count == 1 ? secure.first : nil)
        if let url { urls.append(url) } else { without.append(member.name) }
      }
      let versions = Set(members.versions.compactMap { $0?.description }).sorted()
      return RunningEtcd(
        askedAt: endpoint.description, versions: versions, endpoints: urls, membersWithoutURL: without,
        isAuthEnabled: isAuthEnabled)
    }
  }
}
