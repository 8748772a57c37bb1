/// Rules about passwords, for the users of a running cluster.
enum PasswordLint {
  static let rules = [unexpected]

  static let unexpected = LintRule(
    "BH060", .error, "a user that should authenticate with a certificate has a password",
    why: "a client that knows the password acts as this user with any certificate that the members admit",
    advice: "for a user of the file run 'bulkhead apply', which recreates it; for root set a random password "
      + "that you do not keep ('etcdctl user passwd root'), because etcd cannot delete root")

  /// - Parameters:
  ///   - cluster: Its users with a password have ``Identity/Login/password``.
  ///   - file: What the file requires; users that it does not name may have passwords, except root.
  static func findings(_ cluster: Segmentation, file: Segmentation) -> [LintFinding] {
    cluster.identities.filter { identity in
      identity.login == .password
        && (identity.user == Role.root || file[identity: identity.user]?.login == .certificate)
    }.map { LintFinding(unexpected, .identity($0.user), "the user \($0.user) has a password") }
  }
}
