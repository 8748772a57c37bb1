import Cryptography
import FoundationEssentials

/// A certificate authority: a certificate that may sign others, and its private key.
///
/// A value of this type has been checked: the key belongs to the certificate, the certificate is a CA
/// certificate, and it was valid when the value was made.
package struct Authority: Sendable {
  let certificate: Certificate
  /// The authority's private key; a key that stands in for it if another program has it.
  package let key: PrivateKey
  /// The program that has the authority's key; nil if ``key`` is it.
  let external: ExternalKey?
  /// The certificate in PEM: the content of etcd's `--trusted-ca-file` and of the clients' `etcd-ca`.
  package let certificatePEM: String
  /// How the passphrase of the key's file is protected, if that is too little against guessing; nil otherwise.
  package private(set) var weakProtection: String?
  /// The contents of the authority's certificate.
  package let facts: CertificateFacts
  /// The subject key identifier of the authority's certificate, or the usual hash of its key if it has none.
  let keyIdentifier: [UInt8]

  /// Makes a new authority.
  /// - Parameters:
  ///   - name: its Common Name.
  ///   - lifetime: at most 100 years; cut off at the end of the parent.
  ///   - key: the kind of its key.
  ///   - limits: restrictions in its certificate.
  ///   - parent: the authority that signs it; nil for a self-signed one.
  /// - Throws: ``CertificatesError``.
  package static func create(
    name: String, lifetime: Duration, now: Date, key algorithm: KeyAlgorithm = .p256,
    limits: AuthorityLimits = AuthorityLimits(), signedBy parent: Authority? = nil
  ) throws -> Authority {
    let key = try PrivateKey.generate(algorithm)
    let subject = try SubjectName(authority: name)
    let certificate: Certificate
    if let parent {
      try parent.checkMaySignAuthorities()
      certificate = try parent.certify(
        key.key.publicKey, as: subject, .authority(limits), lifetime: lifetime, now: now)
    } else {
      let validity = try ValidityPeriod(now: now, lifetime: lifetime)
      certificate = try Certificate(
        CertificateTemplate(
          subject, CertificateProfile.authority(limits), key: key.key.publicKey, validity: validity,
          issuerKeyIdentifier: nil),
        issuer: subject.distinguishedName, key: key.key)
    }
    return try Authority(certificate: certificate, key: key, now: now, source: "the new authority")
  }

  /// Reads an existing authority: a root, or an intermediate that another authority signed.
  /// - Parameters:
  ///   - certificatePEM: exactly one certificate.
  ///   - keyPEM: its key in PKCS#8, SEC1 or PKCS#1.
  ///   - source: its origin, for messages.
  ///   - passphrase: called if the key is encrypted.
  /// - Throws: ``CertificatesError``.
  package static func importing(
    certificatePEM: String, keyPEM: String, now: Date, source: String = "the authority",
    passphrase: PassphraseSource? = nil
  ) throws -> Authority {
    let certificates = try PEMText(text: certificatePEM, source: "the certificate of \(source)")
      .certificates()
    guard let certificate = certificates.first, certificates.count == 1 else {
      throw CertificatesError(
        "\(source) is given as \(certificates.count) certificates, and it must be one",
        hint: "give the certificate that the key belongs to, without the others")
    }
    let key = try PrivateKey(pem: keyPEM, source: "the key of \(source)", passphrase: passphrase)
    var authority = try Authority(certificate: certificate, key: key, now: now, source: source)
    authority.weakProtection = PEMText(text: keyPEM, source: source).weakProtection
    return authority
  }

  /// The warning for ``weakProtection``; nil if the passphrase is protected well.
  package var protectionWarning: String? {
    weakProtection.map {
      "the passphrase of the authority's key is protected only by \($0), so that a holder of the file can try many; \(PEMText.betterProtection)"
    }
  }

  /// An authority whose key another program has.
  /// - Throws: ``CertificatesError``.
  init(certificatePEM: String, external: ExternalKey, now: Date, source: String) throws {
    let certificates = try PEMText(text: certificatePEM, source: "the certificate of \(source)")
      .certificates()
    guard let certificate = certificates.first, certificates.count == 1 else {
      throw CertificatesError(
        "\(source) is given as \(certificates.count) certificates, and it must be one",
        hint: "give the certificate that the key belongs to, without the others")
    }
    try self.init(
      certificate: certificate, key: PrivateKey(key: external.standIn), external: external, now: now,
      source: source)
  }

  private init(
    certificate: Certificate, key: PrivateKey, external: ExternalKey? = nil, now: Date, source: String
  ) throws {
    guard external != nil || key.belongs(to: certificate) else {
      throw CertificatesError(
        "the private key of \(source) does not belong to its certificate",
        hint: "find the key that was made with it")
    }
    try Self.checkMaySign(certificate, source: source)
    guard try !certificate.publicKey.hasFactorableForm else {
      throw CertificatesError(
        "the RSA key of \(source) can be factored (CVE-2017-15361)",
        hint: "make another authority: 'bulkhead certs authority'")
    }
    self.certificate = certificate
    self.key = key
    self.external = external
    self.certificatePEM = try certificate.pem()
    self.facts = CertificateFacts(certificate)
    let carried = try? certificate.subjectKeyIdentifier
    self.keyIdentifier = try carried ?? certificate.publicKey.identifier
    try checkIsValid(at: now, source: source)
  }

  /// RFC 5280, section 4.2.1.9: a certificate without basicConstraints is not a CA certificate. Section
  /// 4.2.1.3: keyUsage is optional, but if it exists it must contain keyCertSign.
  private static func checkMaySign(_ certificate: Certificate, source: String) throws {
    guard (try? certificate.basicConstraints)?.isAuthority == true else {
      throw CertificatesError(
        "the certificate of \(source) is not an authority's: its basicConstraints do not have CA",
        hint: "give a CA certificate, not a client's or a server's")
    }
    let isKeyUsageFit: Bool
    do {
      isKeyUsageFit = try certificate.keyUsage?.contains(.keyCertSign) ?? true
    } catch {
      isKeyUsageFit = false
    }
    guard isKeyUsageFit else {
      throw CertificatesError(
        "the certificate of \(source) may not sign certificates: its keyUsage lacks keyCertSign",
        hint: "give a CA certificate whose keyUsage holds keyCertSign")
    }
  }

  /// An authority with path length 0, such as Bulkhead's own, cannot sign another authority (RFC 5280,
  /// section 4.2.1.9).
  private func checkMaySignAuthorities() throws {
    if try certificate.basicConstraints == BasicConstraints(isAuthority: true, pathLength: 0) {
      throw CertificatesError(
        "the certificate of the parent authority allows no authority below it: its path length is 0",
        hint: "use an authority whose path length is not limited, such as the cluster's etcd CA")
    }
  }

  func checkIsValid(at now: Date, source: String = "the authority") throws {
    guard now < facts.notAfter else {
      throw CertificatesError(
        "the certificate of \(source) expired on \(facts.notAfter.formatted(.iso8601))",
        hint: "make or import a new authority")
    }
    guard now >= facts.notBefore else {
      throw CertificatesError(
        "the certificate of \(source) is not valid before \(facts.notBefore.formatted(.iso8601))",
        hint: "check this machine's clock")
    }
  }

  /// The chain that a client sends after its own certificate: the authority's certificate if another
  /// authority signed it, so that a server which trusts only the other one can verify the client. Empty for a
  /// self-signed authority.
  var chainPEM: String { certificate.issuer == certificate.subject ? "" : certificatePEM }

  /// Whether this authority's key has signed the certificate.
  func hasSigned(_ certificate: Certificate) -> Bool {
    self.certificate.hasSigned(certificate)
  }
}

extension CertificateTemplate {
  init(
    _ subject: SubjectName, _ profile: CertificateProfile, key: PublicKey, validity: ValidityPeriod,
    issuerKeyIdentifier: [UInt8]?
  ) throws {
    self.init(
      serial: Self.randomSerial(), subject: subject.distinguishedName, publicKey: key,
      notBefore: Int(validity.notBefore.timeIntervalSince1970),
      notAfter: Int(validity.notAfter.timeIntervalSince1970),
      extensions: try profile.extensions(for: key, issuerKeyIdentifier: issuerKeyIdentifier))
  }

  /// 128 random bits. RFC 5280, section 4.1.2.2 allows 160 and requires a positive number: the first byte is
  /// not zero, and the encoding adds a leading zero byte if the first bit is set.
  private static func randomSerial() -> [UInt8] {
    let random = UInt128.random(in: 1 << 120 ... .max)
    return stride(from: 120, through: 0, by: -8).map { UInt8(truncatingIfNeeded: random >> $0) }
  }
}
