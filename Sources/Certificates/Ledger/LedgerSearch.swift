extension Ledger {
  /// The entry of a certificate; nil if it is not in the ledger, for example because another authority issued
  /// it.
  /// - Throws: ``CertificatesError``.
  package func entry(of facts: CertificateFacts) throws -> LedgerEntry? {
    try read { try LedgerEntry.withFingerprint(facts.fingerprint, in: $0) }
  }

  /// Finds certificates by identity (all of its certificates that are not revoked), by serial, or by PEM
  /// file.
  /// - Parameter node: only the certificate of this node, for an identity with one for each node.
  /// - Throws: ``CertificatesError`` if a word matches no certificate, or `FileError`.
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

  /// Converts a serial from the form of `openssl x509 -serial` or of a browser to that of the ledger: two
  /// digits for each byte, without leading zero bytes.
  static func serial(_ word: String) -> String {
    let digits = word.lowercased().filter { $0 != ":" }
    let significant = String(digits.drop { $0 == "0" })
    return significant.utf8.count.isMultiple(of: 2) ? significant : "0\(significant)"
  }
}
