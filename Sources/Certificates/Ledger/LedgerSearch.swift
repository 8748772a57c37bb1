extension Ledger {
  /// The entry of a certificate; nil where another authority issued it, or one without a ledger.
  /// - Throws: ``CertificatesError``.
  package func entry(of facts: CertificateFacts) throws -> LedgerEntry? {
    try read { try LedgerEntry.withFingerprint(facts.fingerprint, in: $0) }
  }

  /// The certificates that words mean: an identity (all of its that are not revoked), a serial, or a PEM file.
  /// - Parameter node: of an identity with a certificate for each node, only this one's.
  /// - Throws: ``CertificatesError`` where a word means none, or `FileError`.
  package func find(_ words: [String], node: String? = nil) throws -> [LedgerEntry] {
    let entries = try entries()
    var found: [LedgerEntry] = []
    for word in words {
      var meant = entries.filter {
        $0.identity.utf8.elementsEqual(word.utf8) && $0.revokedAt == nil && (node == nil || $0.node == node)
      }
      if meant.isEmpty { meant = entries.filter { Self.serial($0.serial) == Self.serial(word) } }
      if meant.isEmpty, word.contains("/") || word.contains(".") {
        let fingerprint = try CertificateFacts(file: word).fingerprint
        meant = entries.filter { $0.fingerprint == fingerprint }
      }
      guard !meant.isEmpty else {
        throw CertificatesError(
          "the ledger has no certificate for \"\(word)\" that could be revoked",
          hint: "'bulkhead certs list --all' shows identities and serials")
      }
      found += meant.filter { !found.contains($0) }
    }
    return found
  }

  /// A serial as `openssl x509 -serial` or a browser writes it, as the ledger does.
  private static func serial(_ word: String) -> String {
    let digits = word.lowercased().filter { $0 != ":" }
    return String(digits.drop { $0 == "0" })
  }
}
