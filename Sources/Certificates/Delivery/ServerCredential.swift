import Cryptography
import Files
import Names

extension Issuer {
  /// Reads the certificate of Bulkhead's own server from `server.crt` and `server.key` in a directory, or
  /// issues a new one if it is missing, or if it is due or invalid. The directory is created with mode 0700
  /// if needed. The Common Name cannot be a user.
  /// - Parameters:
  ///   - hosts: all names and addresses of the server.
  ///   - share: the share of its lifetime after which it is due.
  ///   - trusted: authorities in PEM whose valid certificate is kept too: during a roll-over, clients may
  ///     know only the old authority.
  /// - Throws: ``CertificatesError`` or `FileError`.
  package func serverCredential(
    for hosts: [HostName], in directory: String, dueAfter share: Double = Renewal.usualShare,
    keeping trusted: String? = nil
  ) throws -> Credential {
    let authorities = try trusted.map {
      try PEMText(text: $0, source: "the trusted authorities").certificates()
    }
    if let kept = try goodServerCredential(
      for: hosts, in: directory, dueAfter: share, of: [authority.certificate] + (authorities ?? []))
    {
      return kept
    }
    try checkLedgerIsCurrent()
    let credential = try authority.issue(authorityServerFor: hosts, lifetime: lifetime, now: now)
    try Directory.create(directory, mode: 0o700)
    try ledger?.record([
      LedgerEntry(
        credential.facts, by: authority,
        for: CertificateHolder(credential.facts.user ?? "", purpose: .server),
        file: "\(directory)/server.crt".absolutePath)
    ])
    try credential.write(name: "server", in: directory)
    return credential
  }

  /// Signs a certificate of Bulkhead's own server for the key of a request, and records it. Nothing else is taken
  /// from the request.
  /// - Returns: the certificate in PEM, followed by that of the authority if another authority signed it.
  /// - Throws: ``CertificatesError``.
  package func signServer(_ request: CertificateRequest, for hosts: [HostName]) throws -> String {
    guard try request.publicKey != authority.certificate.publicKey else {
      throw CertificatesError(
        "the request has the authority's own key", hint: "make a new key for the request")
    }
    try checkLedgerIsCurrent()
    let subject = try SubjectName.authorityServer
    let certificate = try authority.certify(
      request.publicKey, as: subject, .server(hosts), lifetime: lifetime, now: now)
    try ledger?.record([
      LedgerEntry(
        CertificateFacts(certificate), by: authority,
        for: CertificateHolder(subject.text, purpose: .server), file: nil)
    ])
    return try certificate.pem() + authority.chainPEM
  }

  private func goodServerCredential(
    for hosts: [HostName], in directory: String, dueAfter share: Double, of authorities: [Certificate]
  ) throws -> Credential? {
    let certificateFile = "\(directory)/server.crt"
    let keyFile = "\(directory)/server.key"
    guard let text = try FileContents.readIfPresent(certificateFile, limit: credentialFileLimit),
      let secret = try FileContents.readIfPresent(keyFile, limit: credentialFileLimit),
      try FileContents.mode(of: keyFile) & 0o077 == 0,
      let leaf = try? PEMText(text: String(decoding: text, as: UTF8.self), source: certificateFile)
        .certificates().first,
      let key = try? PrivateKey(pem: String(decoding: secret, as: UTF8.self), source: keyFile)
    else { return nil }
    let facts = CertificateFacts(leaf)
    guard key.belongs(to: leaf), authorities.contains(where: { $0.hasSigned(leaf) }), facts.isValid(at: now),
      !facts.isDue(at: now, after: share), Set(facts.alternativeNames) == Set(hosts.map(\.alternativeName)),
      try ledger.map({ try $0.entry(of: facts).map { $0.revokedAt == nil } ?? false }) ?? true
    else { return nil }
    return try Credential(
      certificatePEM: String(decoding: text, as: UTF8.self), key: key, source: certificateFile)
  }
}

extension HostName {
  /// The form of ``CertificateFacts/alternativeNames``.
  fileprivate var alternativeName: String {
    switch self {
    case .dns(let name): "DNS:\(name)"
    case .ip: "IP:\(self)"
    }
  }
}
