import Files
import FoundationEssentials

/// A certificate that a check of a server uses for some minutes.
package struct ProbeCertificate: Hashable, Sendable {
  /// Its name (`CertificateName`).
  package let name: String
  package let certificatePath: String
  package let keyPath: String
}

extension Issuer {
  /// How long a certificate for a check is valid.
  package static let probeLifetime = Duration.seconds(15 * 60)

  /// Issues a certificate for each name, with which a check asks the servers as this user: valid for 15
  /// minutes, with new keys. The ledger records them with the purpose `probe`, so that they are neither
  /// renewed nor counted as the user's.
  /// - Parameters:
  ///   - names: Names of certificates (`CertificateName`): users, names that belong to no user, or names of
  ///     certificates without a Common Name.
  ///   - directory: Created with mode 0700 if needed. The caller removes it.
  /// - Throws: ``CertificatesError`` or `FileError`.
  package func issueProbes(_ names: [String], to directory: String) throws -> [ProbeCertificate] {
    try Directory.create(directory, mode: 0o700)
    return try names.enumerated().map { index, name in
      let credential = try authority.issue(client: name, lifetime: Self.probeLifetime, now: now)
      let holder = CertificateHolder(name, purpose: .probe)
      try ledger?.record([LedgerEntry(credential.facts, by: authority, for: holder, file: nil)])
      try credential.write(name: "probe-\(index)", in: directory)
      return ProbeCertificate(
        name: name, certificatePath: "\(directory)/probe-\(index).crt",
        keyPath: "\(directory)/probe-\(index).key")
    }
  }
}
