import Cryptography
import Files
import FoundationEssentials
import Names

/// An authority with its ledger and the parameters for issuing. Each certificate is in the ledger before a
/// method returns it.
package struct Issuer: Sendable {
  package let authority: Authority
  /// Nil for a temporary authority, as in the demo.
  package let ledger: Ledger?
  /// The lifetime of each certificate from `now`; cut off at the end of the authority.
  package let lifetime: Duration
  /// The lifetime of certificates that are issued over the network: not longer than ``lifetime``.
  package let enrolledLifetime: Duration
  /// How many certificates an identity can get over the network.
  let limits: IssuingLimits
  package let now: Date
  /// Whether certificates for `root` are allowed.
  package let allowRoot: Bool

  package init(
    _ authority: Authority, ledger: Ledger?, lifetime: Duration,
    enrolledLifetime: Duration = IssuingLimits.lifetime, limits: IssuingLimits = IssuingLimits(), now: Date,
    allowRoot: Bool = false
  ) {
    self.enrolledLifetime = min(lifetime, enrolledLifetime)
    self.limits = limits
    self.authority = authority
    self.ledger = ledger
    self.lifetime = lifetime
    self.now = now
    self.allowRoot = allowRoot
  }

  /// The end of the authority if that cuts off the lifetime of new certificates; nil if they get all of it.
  package var cutOff: Date? {
    let end = now + Double(lifetime.components.seconds)
    return authority.facts.notAfter < end ? authority.facts.notAfter : nil
  }

  /// Refuses a name for which no certificate can be issued.
  func check(_ holder: CertificateHolder) throws {
    _ = try SubjectName(client: holder.name, allowRoot: allowRoot)
  }

  /// Issues client certificates with new keys, on all cores, and records them in one transaction.
  /// - Parameter requests: the holders, and the file of each certificate.
  /// - Throws: ``CertificatesError``; ``OrderRefusal`` if a holder is blocked. Then nothing is issued.
  package func issue(_ requests: [(holder: CertificateHolder, file: String)]) throws -> [Credential] {
    try checkLedgerIsCurrent()
    let issued = try requests.concurrentMap { request in
      let credential = try authority.issue(
        client: request.holder.name, lifetime: lifetime, now: now, allowRoot: allowRoot)
      let entry = LedgerEntry(
        credential.facts, by: authority, for: request.holder, file: request.file.absolutePath)
      return (credential, entry)
    }
    try ledger?.write { db in
      for (request, (_, entry)) in zip(requests, issued) {
        try request.holder.checkIsNotBlocked(in: db)
        try entry.insert(db)
      }
    }
    return issued.map(\.0)
  }

  /// Signs a client certificate for the key of a request. Nothing else is taken from the request.
  /// - Parameters:
  ///   - holder: the expected holder; the request must have the same name.
  ///   - file: the file of the certificate; nil if it is not written to a file.
  /// - Returns: the certificate in PEM, followed by that of the authority if another authority signed it.
  /// - Throws: ``CertificatesError``; ``OrderRefusal`` if the holder is blocked.
  package func sign(
    _ request: CertificateRequest, for holder: CertificateHolder, file: String?
  ) throws -> String {
    try checkLedgerIsCurrent()
    let certificate = try certify(request, for: holder, lifetime: lifetime)
    let entry = LedgerEntry(
      CertificateFacts(certificate), by: authority, for: holder, file: file?.absolutePath)
    try ledger?.write { db in
      try holder.checkIsNotBlocked(in: db)
      try entry.insert(db)
    }
    return try certificate.pem() + authority.chainPEM
  }

  /// Signs a client certificate for the key of a request, without recording it.
  func certify(
    _ request: CertificateRequest, for holder: CertificateHolder, lifetime: Duration
  ) throws -> Certificate {
    // Swift compares strings by canonical equivalence, etcd by bytes.
    guard request.name.utf8.elementsEqual(holder.name.utf8) else {
      throw CertificatesError(
        "the request is for \"\(request.name)\", not for \"\(holder.name)\"",
        hint: CertificateName(holder.name).isTransport
          ? "make a request whose only name is the organizational unit: openssl req -new -subj /OU=\(holder.name)"
          : "make a request whose Common Name is the identity")
    }
    guard try request.publicKey != authority.certificate.publicKey else {
      throw CertificatesError(
        "the request has the authority's own key", hint: "make a new key for the request")
    }
    return try authority.certify(
      request.publicKey, as: SubjectName(client: holder.name, allowRoot: allowRoot), .client,
      lifetime: lifetime, now: now)
  }

  /// Issues a certificate for one hour that belongs to no user, to test whether a server trusts the
  /// authority: `NAME.crt` and `NAME.key` in a directory, which is created with mode 0700 if needed.
  /// - Throws: ``CertificatesError`` or `FileError`.
  package func issueProbe(name: String, to directory: String) throws {
    try checkLedgerIsCurrent()
    let holder = CertificateHolder(ServerName.probe, purpose: .probe)
    let probe = try authority.issue(
      SubjectName.probe, .client, lifetime: .seconds(Self.comparisonLifetime), now: now)
    try Directory.create(directory, mode: 0o700)
    try ledger?.record([LedgerEntry(probe.facts, by: authority, for: holder, file: nil)])
    try probe.write(name: name, in: directory)
  }

  /// Issues the certificates of an etcd member: `server.crt` for its client port and `peer.crt` for its peer
  /// port, each with a new key. Both allow server and client use: the gRPC gateway calls etcd with the server
  /// certificate.
  /// - Parameters:
  ///   - member: its name; the Common Names are `etcd-server NAME` and `etcd-peer NAME`.
  ///   - hosts: all its names and addresses.
  ///   - directory: created with mode 0700 if needed.
  /// - Returns: the paths of the certificates; the keys are beside them.
  /// - Throws: ``CertificatesError`` or `FileError`.
  package func issueMember(_ member: String, hosts: [HostName], to directory: String) throws -> [String] {
    guard !hosts.isEmpty else {
      throw CertificatesError(
        "the member \(member) has no host", hint: "name every host and address that it is reached by")
    }
    try checkLedgerIsCurrent()
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
  /// Writes `NAME.key` and `NAME.crt`, together as far as the file system allows.
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
    relative(to: FileManager.default.currentDirectoryPath)
  }
}
