import Cryptography

/// What a certificate is for, and with that its extensions (RFC 5280, section 4.2).
enum CertificateProfile {
  /// An authority that signs leaf certificates and revocation lists, and no further authority.
  case authority(AuthorityLimits)
  /// A client of etcd. etcd checks no name but the CN, so it has no alternative names.
  case client
  /// The client port of an etcd member.
  case server([HostName])
  /// A certificate that a member shows both as server and as client: on the peer port, and on the client port
  /// where the gRPC gateway is on, since the gateway calls etcd with the server's certificate.
  case peer([HostName])

  /// The extensions, basic constraints, key usage and name constraints being critical.
  /// - Parameter issuerKeyIdentifier: the issuer's subject key identifier; nil where it signs itself.
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
