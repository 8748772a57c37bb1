/// How the authority of the client certificates depends on those of etcd's server certificates.
package enum AuthorityOverlap: Hashable, Sendable {
  case separate
  /// It is one of them.
  case same
  /// One of them has signed it.
  case signed
}

/// Rules about the authority of the client certificates.
enum AuthorityLint {
  static let rules = [shared]

  static let shared = LintRule(
    "BH050", .error, "the clients' authority belongs to etcd's servers",
    why:
      "etcd's peers usually trust the authority of the servers, and the peer port checks no user: each client "
      + "certificate can act as a member there and write every key",
    advice: "use an authority of its own for clients ('bulkhead certs authority'), and do not add it to "
      + "--peer-trusted-ca-file; until then set --peer-cert-allowed-cn or --peer-cert-allowed-hostname on each member"
  )

  static func findings(_ overlap: AuthorityOverlap?) -> [LintFinding] {
    let message: String
    switch overlap {
    case .same: message = "the authority of the clients is one of those in etcd.ca"
    case .signed: message = "the authority of the clients was signed by one of those in etcd.ca"
    case .separate, nil: return []
    }
    return [LintFinding(shared, .file("certificates.authority.directory"), message)]
  }
}
