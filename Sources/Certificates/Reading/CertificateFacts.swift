import Crypto
import Files
import FoundationEssentials
import SwiftASN1
import X509

/// What a certificate says, as plain values.
package struct CertificateFacts: Codable, Hashable, Sendable {
  /// The subject in the notation of RFC 4514, last attribute first, as in `CN=alice,O=example`.
  package let subject: String
  /// All Common Names of the subject in encoding order; one that cannot be read with certainty is nil.
  package let commonNames: [String?]
  package let issuer: String
  /// Lower-case hexadecimal without separators.
  package let serial: String
  package let notBefore: Date
  package let notAfter: Date
  /// `serverAuth`, `clientAuth`, `any`, others by their object identifier; nil without the extension.
  package let extendedKeyUsages: [String]?
  /// `DNS:etcd-0`, `IP:10.0.0.1`, others as the library prints them.
  package let alternativeNames: [String]
  /// "P-256", "RSA 2048", "Ed25519" and the like.
  package let keyAlgorithm: String
  /// Whether basicConstraints says that it is an authority's.
  package let isAuthority: Bool
  /// SHA-256 of the DER encoding in lower-case hexadecimal, as `openssl x509 -fingerprint -sha256` without
  /// colons.
  package let fingerprint: String

  /// The etcd user that the certificate stands for: the last Common Name, which is the one Go's crypto/x509
  /// keeps and etcd reads (auth/store.go, AuthInfoFromTLS). Nil without one, and etcd then refuses every
  /// call.
  package var user: String? {
    guard let last = commonNames.last, let name = last, !name.isEmpty else { return nil }
    return name
  }

  /// Whether there is exactly one Common Name, so that every reader sees the same.
  package var hasOneCommonName: Bool { commonNames.count == 1 }

  /// Whether etcd takes it from a client: clientAuth, any purpose, or no purpose named.
  package var isForClients: Bool {
    guard let extendedKeyUsages else { return true }
    return extendedKeyUsages.contains("clientAuth") || extendedKeyUsages.contains("any")
  }

  package func isValid(at moment: Date) -> Bool { notBefore <= moment && moment <= notAfter }

  /// The facts of the first certificate of a PEM text, which is the one a TLS peer shows as its own.
  /// - Parameter source: where the text came from, for messages.
  /// - Throws: ``CertificatesError``.
  package init(pem: String, source: String = "the certificate") throws {
    guard let facts = try Self.all(pem: pem, source: source).first else {
      throw CertificatesError("\(source) holds no certificate", hint: "give a PEM file with a certificate")
    }
    self = facts
  }

  /// - Returns: nil where the bytes are no certificate in DER.
  package init?(der: [UInt8]) {
    guard let certificate = try? Certificate(derEncoded: der) else { return nil }
    self.init(certificate)
  }

  /// The facts of all certificates of a PEM text, at least one.
  /// - Throws: ``CertificatesError``.
  package static func all(pem: String, source: String = "the certificate") throws -> [CertificateFacts] {
    try PEMText(text: pem, source: source).certificates().map { CertificateFacts($0) }
  }

  /// The facts of the first certificate of a file.
  /// - Throws: `FileError` or ``CertificatesError``.
  package init(file path: String) throws {
    try self.init(pem: FileContents.readText(path, limit: credentialFileLimit), source: path)
  }

  /// The etcd user that a certificate file stands for.
  /// - Throws: `FileError`, or ``CertificatesError`` where the file does not stand for exactly one user.
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
  init(_ certificate: Certificate) {
    let extensions = certificate.extensions
    self.subject = "\(certificate.subject)"
    self.commonNames = certificate.subject.commonNames
    self.issuer = "\(certificate.issuer)"
    self.serial = hexadecimal(certificate.serialNumber.bytes)
    self.notBefore = certificate.notValidBefore
    self.notAfter = certificate.notValidAfter
    // An extension that is there and cannot be read allows nothing.
    self.extendedKeyUsages =
      extensions[oid: .X509ExtensionID.extendedKeyUsage].map {
        (try? ExtendedKeyUsage($0))?.map(\.name) ?? []
      }
    self.alternativeNames = (try? extensions.subjectAlternativeNames)?.map(\.text) ?? []
    self.keyAlgorithm = certificate.publicKey.algorithmName
    if case .isCertificateAuthority = try? extensions.basicConstraints {
      isAuthority = true
    } else {
      isAuthority = false
    }
    var encoding = DER.Serializer()
    try? encoding.serialize(certificate)
    self.fingerprint = hexadecimal(SHA256.hash(data: encoding.serializedBytes))
  }
}

extension ExtendedKeyUsage.Usage {
  fileprivate var name: String {
    switch self {
    case .serverAuth: "serverAuth"
    case .clientAuth: "clientAuth"
    case .any: "any"
    default: "\(self)"
    }
  }
}

extension GeneralName {
  fileprivate var text: String {
    switch self {
    case .dnsName(let name): "DNS:\(name)"
    case .ipAddress(let address): "IP:\(HostName.text(ofAddress: Array(address.bytes)))"
    default: "\(self)"
    }
  }
}
