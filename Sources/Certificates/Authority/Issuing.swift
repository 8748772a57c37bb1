import Cryptography
import FoundationEssentials
import Names

extension Authority {
  /// Issues a certificate for a client of etcd: the user's name as the only CN, or a transport name as the only OU;
  /// client use only, no alternative names.
  /// - Parameters:
  ///   - lifetime: from now; cut off at the end of the authority's certificate.
  ///   - allowRoot: must be true for the user `root`, which may do everything.
  /// - Throws: ``CertificatesError``.
  package func issue(
    client user: String, lifetime: Duration, now: Date, allowRoot: Bool = false
  ) throws -> Credential {
    try issue(SubjectName(client: user, allowRoot: allowRoot), .client, lifetime: lifetime, now: now)
  }

  /// Issues a certificate for the client port of an etcd member. Its CN is `etcd-server NAME`, which cannot
  /// be a user.
  /// - Parameter gateway: whether the member's gRPC gateway is on. The gateway calls etcd with this
  ///   certificate, so it must allow client use too.
  /// - Throws: ``CertificatesError``.
  package func issue(
    server member: String, hosts: [HostName], lifetime: Duration, now: Date, gateway: Bool = false
  ) throws -> Credential {
    try issue(
      SubjectName(server: member), gateway ? .peer(hosts) : .server(hosts), lifetime: lifetime, now: now)
  }

  /// Issues a certificate for the peer port of an etcd member, where it is both server and client. Its CN is
  /// `etcd-peer NAME`, which cannot be a user.
  /// - Throws: ``CertificatesError``.
  package func issue(
    peer member: String, hosts: [HostName], lifetime: Duration, now: Date
  ) throws -> Credential {
    try issue(SubjectName(peer: member), .peer(hosts), lifetime: lifetime, now: now)
  }

  /// Issues a certificate for Bulkhead's own server. Its CN cannot be a user.
  /// - Throws: ``CertificatesError``.
  func issue(authorityServerFor hosts: [HostName], lifetime: Duration, now: Date) throws -> Credential {
    try issue(SubjectName.authorityServer, .server(hosts), lifetime: lifetime, now: now)
  }

  func issue(
    _ subject: SubjectName, _ profile: CertificateProfile, lifetime: Duration, now: Date
  ) throws -> Credential {
    let key = try PrivateKey.generate()
    let certificate = try certify(key.key.publicKey, as: subject, profile, lifetime: lifetime, now: now)
    return try Credential(certificate: certificate, chainPEM: chainPEM, key: key)
  }

  func certify(
    _ publicKey: PublicKey, as subject: SubjectName, _ profile: CertificateProfile,
    lifetime: Duration, now: Date
  ) throws -> Certificate {
    try checkIsValid(at: now)
    try checkPermits(profile)
    // A certificate whose subject equals its issuer looks self-signed. Names are compared without case (RFC
    // 5280, section 7.1).
    guard !isNamed(subject) else {
      throw CertificatesError(
        "\"\(subject.text)\" is the authority's own name",
        hint: "choose another name for one of the two")
    }
    let limits = ValidityPeriod(notBefore: facts.notBefore, notAfter: facts.notAfter)
    let validity = try ValidityPeriod(now: now, lifetime: lifetime, within: limits)
    let made = try Certificate(
      CertificateTemplate(
        subject, profile, key: publicKey, validity: validity, issuerKeyIdentifier: keyIdentifier),
      issuer: certificate.subject, key: key.key)
    guard external != nil else { return made }
    let signed = try Certificate(der: signedExternally(made.der))
    guard hasSigned(signed) else { throw wrongSignature }
    return signed
  }

  private func isNamed(_ subject: SubjectName) -> Bool {
    guard certificate.subject.relativeNames.count == 1 else { return false }
    let names =
      subject.name.isTransport
      ? certificate.subject.organizationalUnits : certificate.subject.commonNames
    return names.map { $0?.lowercased() } == [subject.text.lowercased()]
  }
}
