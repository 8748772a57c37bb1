import Cryptography
import Foundation

/// An authority for tests. It issues valid certificates and certificates with one fault.
package struct TestAuthority: Sendable {
  package let certificate: Certificate
  package let key: PrivateKey

  package init(_ name: String = "test-ca") throws {
    key = try .generate(.p256)
    let subject = DistinguishedName(commonName: name)
    let template = CertificateTemplate(
      serial: [1], subject: subject, publicKey: key.publicKey, notBefore: Self.now - 3_600,
      notAfter: Self.now + 86_400,
      extensions: [
        .basicConstraints(BasicConstraints(isAuthority: true)),
        .keyUsage([.keyCertSign, .cRLSign]),
        .subjectKeyIdentifier(try key.publicKey.identifier),
      ])
    certificate = try Certificate(template, issuer: subject, key: key)
  }

  /// Issues a certificate.
  /// - Parameters:
  ///   - hosts: DNS names and IP addresses for the subject alternative names.
  ///   - beginning: seconds from now.
  ///   - ending: seconds from now.
  package func issue(
    _ name: String, hosts: [String] = [],
    usage: [String] = [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth],
    beginning: Int = -600, ending: Int = 3_600
  ) throws -> TLSIdentity {
    let key = try PrivateKey.generate(.p256)
    var extensions: [CertificateExtension] = [
      .keyUsage([.digitalSignature]), try .extendedKeyUsage(usage),
      .authorityKeyIdentifier(try self.key.publicKey.identifier),
    ]
    if !hosts.isEmpty {
      extensions.append(
        try .subjectAlternativeNames(hosts.map { IPAddress.bytes($0).map(GeneralName.ip) ?? .dns($0) }))
    }
    let template = CertificateTemplate(
      serial: Array(try Randomness.bytes(8)), subject: DistinguishedName(commonName: name),
      publicKey: key.publicKey, notBefore: Self.now + beginning, notAfter: Self.now + ending,
      extensions: extensions)
    return TLSIdentity(
      chain: [try Certificate(template, issuer: certificate.subject, key: self.key)], key: key)
  }

  package static var now: Int { Int(Date().timeIntervalSince1970) }
}

extension TLSIdentity {
  /// Writes the chain and the key as PEM files, for other programs.
  package func write(certificate: String, key keyFile: String) throws {
    try chain.map { try $0.pem() }.joined().write(toFile: certificate, atomically: false, encoding: .utf8)
    try PEM.secret("PRIVATE KEY", key.der()).withUnsafeBytes { Data($0) }.write(
      to: URL(fileURLWithPath: keyFile))
  }
}
