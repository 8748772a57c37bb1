import X509

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

  /// - Parameter issuerKeyIdentifier: the issuer's subject key identifier; nil where it signs itself.
  func extensions(
    for key: Certificate.PublicKey, issuerKeyIdentifier: ArraySlice<UInt8>?
  ) throws -> Certificate.Extensions {
    var extensions = try Certificate.Extensions([
      Certificate.Extension(basicConstraints, critical: true),
      Certificate.Extension(keyUsage, critical: true),
      Certificate.Extension(SubjectKeyIdentifier(hash: key), critical: false),
    ])
    if let issuerKeyIdentifier {
      try extensions.append(
        Certificate.Extension(AuthorityKeyIdentifier(keyIdentifier: issuerKeyIdentifier), critical: false))
    }
    if !extendedKeyUsages.isEmpty {
      try extensions.append(Certificate.Extension(ExtendedKeyUsage(extendedKeyUsages), critical: false))
    }
    if case .authority(let limits) = self, let constraints = limits.nameConstraints {
      try extensions.append(Certificate.Extension(constraints, critical: true))
    }
    if !hosts.isEmpty {
      let names = SubjectAlternativeNames(hosts.map(\.generalName))
      try extensions.append(Certificate.Extension(names, critical: false))
    }
    return extensions
  }

  private var basicConstraints: BasicConstraints {
    switch self {
    case .authority: .isCertificateAuthority(maxPathLength: 0)
    case .client, .server, .peer: .notCertificateAuthority
    }
  }

  private var keyUsage: KeyUsage {
    switch self {
    case .authority: KeyUsage(keyCertSign: true, cRLSign: true)
    case .client, .server, .peer: KeyUsage(digitalSignature: true)
    }
  }

  var extendedKeyUsages: [ExtendedKeyUsage.Usage] {
    switch self {
    case .authority(let limits): limits.isForClientsOnly ? [.clientAuth] : []
    case .client: [.clientAuth]
    case .server: [.serverAuth]
    case .peer: [.serverAuth, .clientAuth]
    }
  }

  var hosts: [HostName] {
    switch self {
    case .authority, .client: []
    case .server(let hosts), .peer(let hosts): hosts
    }
  }
}
