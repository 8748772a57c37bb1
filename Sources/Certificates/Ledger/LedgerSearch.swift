import FoundationEssentials

extension Ledger {
  /// The entry of a certificate; nil if it is not in the ledger, for example because another authority issued
  /// it.
  /// - Throws: ``CertificatesError``.
  package func entry(of facts: CertificateFacts) throws -> LedgerEntry? {
    try read { try LedgerEntry.withFingerprint(facts.fingerprint, in: $0) }
  }

  /// The client certificates of these identities that are valid and not revoked.
  /// - Throws: ``CertificatesError``.
  package func valid(of identities: Set<String>, at moment: Date) throws -> [LedgerEntry] {
    try entries().filter { entry in
      identities.contains(entry.identity) && entry.purpose == .client && entry.revokedAt == nil
        && entry.notAfter > moment
    }
  }

  /// Converts a serial from the form of `openssl x509 -serial` or of a browser to that of the ledger: two
  /// digits for each byte, without leading zero bytes.
  static func serial(_ word: String) -> String {
    let digits = word.lowercased().filter { $0 != ":" }
    let significant = String(digits.drop { $0 == "0" })
    return significant.utf8.count.isMultiple(of: 2) ? significant : "0\(significant)"
  }
}
