import Cryptography
import Files
import FoundationEssentials

/// An authority at work: what it issues is in the ledger before it leaves this value.
package struct Issuer: Sendable {
  package let authority: Authority
  /// Nil for an authority that is thrown away with all that it issued.
  package let ledger: Ledger?
  /// Of each certificate, from `now`; cut off where the authority ends.
  package let lifetime: Duration
  package let now: Date
  /// Whether a certificate for `root` was asked for outright.
  package let allowRoot: Bool

  package init(
    _ authority: Authority, ledger: Ledger?, lifetime: Duration, now: Date, allowRoot: Bool = false
  ) {
    self.authority = authority
    self.ledger = ledger
    self.lifetime = lifetime
    self.now = now
    self.allowRoot = allowRoot
  }

  /// Refuses a name that cannot be issued, before anything is.
  func check(_ holder: CertificateHolder) throws {
    _ = try SubjectName(user: holder.commonName, allowRoot: allowRoot)
  }

  /// Client certificates with new keys, made on all cores and recorded all at once.
  /// - Parameter requests: for whom, and the file that each will be in.
  /// - Throws: ``CertificatesError``.
  package func issue(_ requests: [(holder: CertificateHolder, file: String)]) throws -> [Credential] {
    let issued = try requests.concurrentMap { request in
      let credential = try authority.issue(
        client: request.holder.commonName, lifetime: lifetime, now: now, allowRoot: allowRoot)
      let entry = LedgerEntry(
        credential.facts, by: authority, for: request.holder, file: request.file.absolutePath)
      return (credential, entry)
    }
    try ledger?.record(issued.map(\.1))
    return issued.map(\.0)
  }

  /// A client certificate for the key of a request, of which nothing but the key is taken.
  /// - Parameters:
  ///   - holder: whom the request must be for.
  ///   - file: where it will be written; nil where it is given away otherwise.
  /// - Returns: the certificate in PEM, with the authority's after it where another authority has signed that.
  /// - Throws: ``CertificatesError``.
  package func sign(
    _ request: CertificateRequest, for holder: CertificateHolder, file: String?
  ) throws -> String {
    let certificate = try certify(request, for: holder)
    try ledger?.record([
      LedgerEntry(CertificateFacts(certificate), by: authority, for: holder, file: file?.absolutePath)
    ])
    return try certificate.pem() + authority.chainPEM
  }

  /// A client certificate for the key of a request, not yet recorded.
  func certify(_ request: CertificateRequest, for holder: CertificateHolder) throws -> Certificate {
    // Swift compares strings by what they look like, etcd by their bytes.
    guard request.commonName.utf8.elementsEqual(holder.commonName.utf8) else {
      throw CertificatesError(
        "the request is for \"\(request.commonName)\", not for \"\(holder.commonName)\"",
        hint: "make a request whose Common Name is the identity")
    }
    guard try request.publicKey != authority.certificate.publicKey else {
      throw CertificatesError(
        "the request has the authority's own key", hint: "make a new key for the request")
    }
    return try authority.certify(
      request.publicKey, as: SubjectName(user: holder.commonName, allowRoot: allowRoot), .client,
      lifetime: lifetime, now: now)
  }

  /// A certificate for an hour that stands for no user, to see whether a server trusts the authority: `NAME.crt` and
  /// `NAME.key` in a directory, which is made with mode 0700 if need be.
  /// - Throws: ``CertificatesError`` or `FileError`.
  package func issueProbe(name: String, to directory: String) throws {
    let holder = CertificateHolder("bulkhead probe", purpose: .probe)
    let probe = try authority.issue(client: holder.commonName, lifetime: .seconds(3600), now: now)
    try Directory.create(directory, mode: 0o700)
    try ledger?.record([LedgerEntry(probe.facts, by: authority, for: holder, file: nil)])
    try probe.write(name: name, in: directory)
  }

  /// The certificates of an etcd member: `server.crt` for its client port and `peer.crt` for its peer port, each with
  /// a new key. Both are for both directions: the gRPC gateway calls etcd with the server's certificate.
  /// - Parameters:
  ///   - member: its name, for the Common Names `etcd-server NAME` and `etcd-peer NAME`.
  ///   - hosts: all names and addresses that it is reached by.
  ///   - directory: is made with mode 0700 if need be.
  /// - Returns: the paths of the certificates; the keys are beside them.
  /// - Throws: ``CertificatesError`` or `FileError`.
  package func issueMember(_ member: String, hosts: [HostName], to directory: String) throws -> [String] {
    guard !hosts.isEmpty else {
      throw CertificatesError(
        "the member \(member) has no host", hint: "name every host and address that it is reached by")
    }
    let server = try authority.issue(
      server: member, hosts: hosts, lifetime: lifetime, now: now, gateway: true)
    let peer = try authority.issue(peer: member, hosts: hosts, lifetime: lifetime, now: now)
    try Directory.create(directory, mode: 0o700)
    let credentials: [(name: String, LedgerEntry.Purpose, Credential)] = [
      ("server", .server, server), ("peer", .peer, peer),
    ]
    try ledger?.record(
      credentials.map { name, purpose, credential in
        LedgerEntry(
          credential.facts, by: authority,
          for: CertificateHolder(credential.facts.user ?? "", purpose: purpose),
          file: "\(directory)/\(name).crt".absolutePath)
      })
    for (name, _, credential) in credentials { try credential.write(name: name, in: directory) }
    return credentials.map { "\(directory)/\($0.name).crt" }
  }
}

extension Credential {
  /// Writes `NAME.key` and `NAME.crt`, both at once as far as the file system allows.
  /// - Throws: `FileError`.
  func write(name: String, in directory: String) throws {
    try AtomicFile.write(
      [
        NewFile(name: "\(name).key", bytes: Array(key.secretPEM().utf8), mode: 0o600),
        NewFile(name: "\(name).crt", bytes: Array(certificatePEM.utf8), mode: 0o644),
      ], in: directory)
  }
}

extension String {
  var absolutePath: String {
    hasPrefix("/") ? self : "\(FileManager.default.currentDirectoryPath)/\(self)"
  }
}
