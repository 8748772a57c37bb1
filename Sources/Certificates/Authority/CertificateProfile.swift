import Cryptography
import Names

/// The purpose of a certificate, which determines its extensions (RFC 5280, section 4.2).
enum CertificateProfile {
  /// An authority that signs leaf certificates and revocation lists, but no other authority.
  case authority(AuthorityLimits)
  /// A client of etcd. etcd reads only the CN, so there are no alternative names.
  case client
  /// The client port of an etcd member.
  case server([HostName])
  /// A certificate that a member uses both as server and as client: on the peer port, and on the client port
  /// if the gRPC gateway is on, because the gateway calls etcd with the server certificate.
  case peer([HostName])

  /// The extensions. Basic constraints, key usage and name constraints are critical.
  /// - Parameter issuerKeyIdentifier: the issuer's subject key identifier; nil for a self-signed certificate.
  func extensions(
    for key: PublicKey, issuerKeyIdentifier: [UInt8]?
  ) throws -> [CertificateExtension] {
    var extensions: [CertificateExtension] = [
      .basicConstraints(basicConstraints), .keyUsage(keyUsage),
      .subjectKeyIdentifier(try key.identifier),
    ]
    if let issuerKeyIdentifier { extensions.append(.authorityKeyIdentifier(issuerKeyIdentifier)) }
    if !extendedKeyUsages.isEmpty { extensions.append(try .extendedKeyUsage(extendedKeyUsages)) }
    if case .authority(let limits) = self, let constraints = limits.nameConstraints {
      extensions.append(try .nameConstraints(constraints))
    }
    if !hosts.isEmpty { extensions.append(try .subjectAlternativeNames(hosts.map(\.generalName))) }
    return extensions
  }

  private var basicConstraints: BasicConstraints {
    switch self {
    case .authority: BasicConstraints(isAuthority: true, pathLength: 0)
    case .client, .server, .peer: BasicConstraints(isAuthority: false)
    }
  }

  private var keyUsage: Set<KeyUsage> {
    switch self {
    case .authority: [.keyCertSign, .cRLSign]
    case .client, .server, .peer: [.digitalSignature]
    }
  }

  var extendedKeyUsages: [String] {
    switch self {
    case .authority(let limits): limits.isForClientsOnly ? [ExtendedKeyUsage.clientAuth] : []
    case .client: [ExtendedKeyUsage.clientAuth]
    case .server: [ExtendedKeyUsage.serverAuth]
    case .peer: [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]
    }
  }

  var hosts: [HostName] {
    switch self {
    case .authority, .client: []
    case .server(let hosts), .peer(let hosts): hosts
    }
  }
}

extension HostName {
  var generalName: GeneralName {
    switch self {
    case .dns(let name): .dns(name)
    case .ip(let bytes): .ip(bytes)
    }
  }
}
