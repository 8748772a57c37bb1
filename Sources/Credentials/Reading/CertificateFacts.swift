import Cryptography
import Files
import FoundationEssentials
import Names
import Text

/// The contents of a certificate as plain values.
package struct CertificateFacts: Codable, Hashable, Sendable {
  /// The subject in the notation of RFC 4514, last attribute first, as in `CN=alice,O=example`.
  package let subject: String
  /// All Common Names of the subject in encoding order; nil for one whose encoding is ambiguous.
  package let commonNames: [String?]
  package let issuer: String
  /// Lower-case hexadecimal without separators.
  package let serial: String
  package let notBefore: Date
  package let notAfter: Date
  /// `serverAuth`, `clientAuth`, `any`, others as object identifiers; nil without the extension.
  package let extendedKeyUsages: [String]?
  /// `DNS:etcd-0`, `IP:10.0.0.1`, others with their kind, as in `URI("https://…")`.
  package let alternativeNames: [String]
  /// "P-256", "RSA 2048", "Ed25519" and the like.
  package let keyAlgorithm: String
  /// Whether basicConstraints marks it as a CA certificate.
  package let isAuthority: Bool
  /// SHA-256 of the DER encoding in lower-case hexadecimal, as `openssl x509 -fingerprint -sha256` without
  /// colons.
  package let fingerprint: String
  /// SHA-256 of the SubjectPublicKeyInfo in lower-case hexadecimal; nil for a key of an unknown kind.
  package let publicKeyFingerprint: String?

  /// The etcd user of the certificate: the last Common Name, which is the one that Go's crypto/x509 keeps and
  /// etcd reads (auth/store.go, AuthInfoFromTLS). Nil without one; etcd then refuses each call.
  package var user: String? {
    guard let last = commonNames.last, let name = last, !name.isEmpty else { return nil }
    return name
  }

  /// The name of a certificate without a Common Name: the only organizational unit, if that is such a name. etcd
  /// gives its holder no user; it is for clients that log in with a password.
  package let transportName: String?

  /// The name by which the ledger knows it: ``user``, or ``transportName``.
  package var name: String? { user ?? transportName }

  /// Whether there is exactly one Common Name, so that all programs read the same.
  package var hasOneCommonName: Bool { commonNames.count == 1 }

  /// Whether etcd accepts it from a client: clientAuth, any purpose, or no purpose at all.
  package var isForClients: Bool {
    guard let extendedKeyUsages else { return true }
    return extendedKeyUsages.contains("clientAuth") || extendedKeyUsages.contains("any")
  }

  package func isValid(at moment: Date) -> Bool { notBefore <= moment && moment <= notAfter }

  /// Reads the first certificate of a PEM text, which is the own certificate of a TLS peer.
  /// - Parameter source: the origin of the text, for messages.
  /// - Throws: ``CertificatesError``.
  package init(pem: String, source: String = "the certificate") throws {
    guard let facts = try Self.all(pem: pem, source: source).first else {
      throw CertificatesError("\(source) holds no certificate", hint: "give a PEM file with a certificate")
    }
    self = facts
  }

  /// - Returns: nil if the bytes are not a certificate in DER.
  package init?(der: [UInt8]) {
    guard let certificate = try? Certificate(der: der) else { return nil }
    self.init(certificate)
  }

  /// Reads all certificates of a PEM text, at least one.
  /// - Throws: ``CertificatesError``.
  package static func all(pem: String, source: String = "the certificate") throws -> [CertificateFacts] {
    try PEMText(text: pem, source: source).certificates().map { CertificateFacts($0) }
  }

  /// Reads the first certificate of a file.
  /// - Throws: `FileError` or ``CertificatesError``.
  package init(file path: String) throws {
    try self.init(pem: FileContents.readText(path, limit: credentialFileLimit), source: path)
  }

  /// The etcd user of a certificate file.
  /// - Throws: `FileError`, or ``CertificatesError`` if the certificate does not name exactly one user.
  package static func user(ofCertificateFile path: String) throws -> String {
    let facts = try CertificateFacts(file: path)
    guard facts.hasOneCommonName else {
      throw CertificatesError(
        "the certificate in \(path) has \(facts.commonNames.count) Common Names where it must have one",
        hint: "etcd takes the last of several, other programs the first; issue one with exactly one")
    }
    guard let user = facts.user else {
      throw CertificatesError(
        "the Common Name of the certificate in \(path) is empty or in an uncertain encoding",
        hint: "issue a certificate with a Common Name in UTF-8")
    }
    return user
  }
}

extension CertificateFacts {
  /// The first reason why a certificate is not a valid one of an identity; nil if it is. Its revocation is in the
  /// ledger.
  /// - Parameters:
  ///   - pem: the certificate, first in the text.
  ///   - name: the certificate's name (`CertificateName`).
  ///   - authority: the file with the certificate of the authority that must have signed it.
  /// - Throws: `FileError` or ``CertificatesError``.
  package static func fault(
    of pem: String, source: String, as name: String, signedBy authority: String, now: Date
  ) throws -> CredentialFault? {
    let signer = try PEMText(
      text: FileContents.readText(authority, limit: credentialFileLimit), source: authority
    ).certificates().first
    guard let certificate = try PEMText(text: pem, source: source).certificates().first else {
      return .certificateUnreadable
    }
    return CredentialFault.first(of: certificate, user: name, authority: signer, now: now)
  }

  /// The contents of a parsed certificate.
  package init(_ certificate: Certificate) {
    self.subject = "\(certificate.subject)"
    self.commonNames = certificate.subject.commonNames
    self.transportName = certificate.subject.transportName
    self.issuer = "\(certificate.issuer)"
    self.serial = certificate.serial.hexadecimal
    self.notBefore = Date(timeIntervalSince1970: Double(certificate.notBefore))
    self.notAfter = Date(timeIntervalSince1970: Double(certificate.notAfter))
    // An unreadable extension allows nothing.
    do {
      self.extendedKeyUsages = try certificate.extendedKeyUsage?.map(\.usageName)
    } catch {
      self.extendedKeyUsages = []
    }
    self.alternativeNames = (try? certificate.subjectAlternativeNames)?.map(\.text) ?? []
    self.keyAlgorithm = (try? certificate.publicKey).map { "\($0.kind)" } ?? "unknown"
    self.isAuthority = (try? certificate.basicConstraints)?.isAuthority ?? false
    self.fingerprint = certificate.fingerprint.hexadecimal
    self.publicKeyFingerprint = (try? certificate.publicKey)?.fingerprint
  }
}

extension PublicKey {
  /// SHA-256 of the SubjectPublicKeyInfo in lower-case hexadecimal.
  package var fingerprint: String { SHA256.hash(subjectPublicKeyInfo).hexadecimal }
}

extension String {
  /// The name of a usage, or its object identifier.
  fileprivate var usageName: String {
    switch self {
    case ExtendedKeyUsage.serverAuth: "serverAuth"
    case ExtendedKeyUsage.clientAuth: "clientAuth"
    case ExtendedKeyUsage.any: "any"
    case "1.3.6.1.5.5.7.3.3": "codeSigning"
    case "1.3.6.1.5.5.7.3.4": "emailProtection"
    case "1.3.6.1.5.5.7.3.8": "timeStamping"
    case "1.3.6.1.5.5.7.3.9": "ocspSigning"
    case "1.3.6.1.4.1.11129.2.4.4": "certificateTransparency"
    default: self
    }
  }
}

extension GeneralName {
  fileprivate var text: String {
    switch self {
    case .dns(let name): "DNS:\(name)"
    case .ip(let address): "IP:\(HostName.text(ofAddress: address))"
    case .email(let text): "RFC822Name(\(String(reflecting: text)))"
    case .uri(let text): "URI(\(String(reflecting: text)))"
    case .directory(let name): "DirectoryName(\(String(reflecting: "\(name)")))"
    case .registered(let identifier): "RegisteredID(\(identifier))"
    case .other(let type, let value):
      "OtherName(\(type): \(value.map { "Optional(ASN1Any(\($0)))" } ?? "nil"))"
    case .x400(let encoding): "X400Address(ASN1Any(\(encoding)))"
    case .ediParty(let encoding): "EDIPartyName(ASN1Any(\(encoding)))"
    }
  }
}
