import Files
import FoundationEssentials
import Names

/// A certificate that belongs to no user and is on the revocation list from its beginning: a member that still
/// accepts it does not enforce the list, or has an older one.
extension Issuer {
  /// The folder of `probe.crt` and `probe.key`, beside the authority.
  package static let revokedProbeFolder = "revoked-probe"

  /// The lifetime of ``issueProbe(name:to:)``, in seconds.
  static let comparisonLifetime = 3600.0

  /// Issues the certificate, revokes it, and writes a new revocation list. The certificate before it stays on
  /// the list until it ends.
  /// - Parameters:
  ///   - directory: that of the authority.
  ///   - validity: the time until nextUpdate of the list.
  /// - Throws: ``CertificatesError`` or `FileError`.
  package func writeRevocationListWithProbe(in directory: String, validity: Duration) throws -> WrittenList {
    let holder = CertificateHolder(ServerName.probe, purpose: .probe)
    let probe = try authority.issue(SubjectName.probe, .client, lifetime: .seconds(7 * 86_400), now: now)
    var entry = LedgerEntry(probe.facts, by: authority, for: holder, file: nil)
    (entry.revokedAt, entry.reason) = (now, .cessationOfOperation)
    try ledger?.record([entry])
    let list = try writeRevocationList(in: directory, validity: validity)
    // After the list: a probe that is here is on the list here.
    let folder = "\(directory)/\(Self.revokedProbeFolder)"
    try Directory.create(folder, mode: 0o700)
    try probe.write(name: "probe", in: folder)
    return list
  }

  /// The paths of the certificate and its key, if the list in the directory has the certificate and all of
  /// these; nil if a new list is needed.
  /// - Throws: ``CertificatesError`` or `FileError`.
  package func revokedProbe(
    listedWith entries: [LedgerEntry], in directory: String
  ) throws -> (certificate: String, key: String)? {
    let folder = "\(directory)/\(Self.revokedProbeFolder)"
    let paths = (certificate: "\(folder)/probe.crt", key: "\(folder)/probe.key")
    guard try FileContents.readIfPresent(paths.key) != nil,
      let facts = try? CertificateFacts(file: paths.certificate), facts.isValid(at: now),
      // It outlives a certificate that is made now for comparison.
      facts.isValid(at: now + Self.comparisonLifetime),
      let listed = try listedSerials(in: directory), listed.contains(facts.serial),
      entries.allSatisfy({ $0.notAfter < now || listed.contains($0.serial) })
    else { return nil }
    return paths
  }
}
