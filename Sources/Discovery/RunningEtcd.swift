/// What an etcd that runs answered.
package struct RunningEtcd: Hashable, Sendable {
  /// The URL of the member that was asked.
  package let askedAt: String
  /// The release of each member that answered, once each.
  package let versions: [String]
  /// One https URL for each voting member, as the member advertises it.
  package let endpoints: [String]
  /// The names of voting members that advertise no https URL that other hosts can reach.
  package let membersWithoutURL: [String]
  package let isAuthEnabled: Bool

  package init(
    askedAt: String, versions: [String], endpoints: [String], membersWithoutURL: [String], isAuthEnabled: Bool
  ) {
    self.askedAt = askedAt
    self.versions = versions
    self.endpoints = endpoints
    self.membersWithoutURL = membersWithoutURL
    self.isAuthEnabled = isAuthEnabled
  }
}
