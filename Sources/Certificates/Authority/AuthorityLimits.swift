import Cryptography
import Files
import Names

/// What an authority's certificate does not allow it to sign.
package struct AuthorityLimits: Hashable, Sendable {
  /// It can only sign client certificates (extended key usage, which Go and OpenSSL enforce along the chain).
  package var isForClientsOnly = false
  /// The DNS names, with all names below them, that its certificates may contain.
  package var domains: [String] = []
  /// The networks whose addresses its certificates may contain.
  package var networks: [IPNetwork] = []

  package init(isForClientsOnly: Bool = false, domains: [String] = [], networks: [IPNetwork] = []) {
    self.isForClientsOnly = isForClientsOnly
    self.domains = domains
    self.networks = networks
  }

  /// A kind of name without constraints is not limited (RFC 5280, section 4.2.1.10), so if only one kind has
  /// constraints, the other is excluded entirely.
  var nameConstraints: NameConstraints? {
    guard !domains.isEmpty || !networks.isEmpty else { return nil }
    return NameConstraints(
      permitted: domains.map(GeneralName.dns) + networks.map(\.generalName),
      excluded: (domains.isEmpty ? [.dns("")] : [])
        + (networks.isEmpty ? IPNetwork.all.map(\.generalName) : []))
  }
}

extension AuthorityLimits {
  /// The limits in the certificate of an authority, so that its successor can have the same.
  /// - Throws: ``CertificatesError`` if the certificate has limits of another form; `FileError`.
  package init(ofCertificateFile path: String) throws {
    let text = try FileContents.readText(path, limit: credentialFileLimit)
    guard let certificate = try PEMText(text: text, source: path).certificates().first else {
      throw CertificatesError("\(path) holds no certificate", hint: "give the authority's ca.crt")
    }
    let usages = try certificate.extendedKeyUsage.map(Set.init)
    let constraints = try certificate.nameConstraints
    self.init(
      isForClientsOnly: usages == [ExtendedKeyUsage.clientAuth],
      domains: constraints?.permitted.compactMap(\.domain) ?? [],
      networks: constraints?.permitted.compactMap(\.network?.asNetwork) ?? [])
    let isSame =
      (usages == nil || usages?.contains(ExtendedKeyUsage.any) == true || isForClientsOnly)
      && nameConstraints.map { Set($0.permitted) } == constraints.map { Set($0.permitted) }
      && nameConstraints.map { Set($0.excluded) } == constraints.map { Set($0.excluded) }
    guard isSame else {
      throw CertificatesError(
        "the certificate in \(path) has limits of a form that Bulkhead does not write",
        hint: "make the new authority without limits (--without-limits)")
    }
  }
}

/// A network as in "10.0.0.0/8" or "fd00::/8".
package struct IPNetwork: Hashable, Sendable {
  let address: [UInt8]
  let bits: Int

  static let all = [
    IPNetwork(address: [UInt8](repeating: 0, count: 4), bits: 0),
    IPNetwork(address: [UInt8](repeating: 0, count: 16), bits: 0),
  ]

  init(address: [UInt8], bits: Int) {
    self.address = address
    self.bits = bits
  }

  /// - Throws: ``CertificatesError`` if the text is not a network, or has bits set after its prefix.
  package init(_ text: String) throws {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let bits = Int(parts[1]),
      case .ip(let address)? = try? HostName(String(parts[0])),
      (0...address.count * 8).contains(bits)
    else {
      throw CertificatesError("\"\(text)\" is not a network", hint: "write it as 10.0.0.0/8 or fd00::/8")
    }
    self.init(address: address, bits: bits)
    guard zip(address, mask).allSatisfy({ $0 & ~$1 == 0 }) else {
      throw CertificatesError(
        "\"\(text)\" has bits set after the first \(bits)", hint: "write the network's first address")
    }
  }

  private var mask: [UInt8] {
    address.indices.map { index in
      let ones = min(max(bits - index * 8, 0), 8)
      return ones == 0 ? 0 : .max << (8 - ones)
    }
  }

  /// Address and mask, one after the other.
  var generalName: GeneralName { .ip(address + mask) }
}

extension Authority {
  /// Refuses to sign what the authority's certificate does not allow: verifiers would reject the result.
  func checkPermits(_ profile: CertificateProfile) throws {
    if let usages = try certificate.extendedKeyUsage, !usages.contains(ExtendedKeyUsage.any) {
      for usage in profile.extendedKeyUsages where !usages.contains(usage) {
        throw CertificatesError(
          "the authority's certificate does not allow it to sign for \(usage == ExtendedKeyUsage.clientAuth ? "clients" : "servers")",
          hint: "make another authority for these certificates: 'bulkhead certs authority FOLDER'")
      }
    }
    guard let constraints = try certificate.nameConstraints else { return }
    for host in profile.hosts where !constraints.permit(host) {
      throw CertificatesError(
        "the name constraints of the authority's certificate do not allow \(host)",
        hint: "use another authority for this host, or make one that allows it")
    }
  }
}

extension NameConstraints {
  fileprivate func permit(_ host: HostName) -> Bool {
    switch host {
    case .dns(let name):
      let domains = permitted.compactMap(\.domain)
      return (domains.isEmpty || domains.contains { name.isBelow($0) })
        && !excluded.compactMap(\.domain).contains { name.isBelow($0) }
    case .ip(let address):
      let networks = permitted.compactMap(\.network)
      return (networks.isEmpty || networks.contains { $0.contains(address) })
        && !excluded.compactMap(\.network).contains { $0.contains(address) }
    }
  }
}

extension GeneralName {
  fileprivate var domain: String? { if case .dns(let name) = self { name } else { nil } }
  fileprivate var network: NetworkOctets? {
    if case .ip(let octets) = self { NetworkOctets(octets: octets) } else { nil }
  }
}

/// Address and mask, one after the other.
private struct NetworkOctets {
  let octets: [UInt8]

  /// Nil if the mask is not a prefix.
  var asNetwork: IPNetwork? {
    let (address, mask) = (octets.prefix(octets.count / 2), octets.suffix(octets.count / 2))
    let bits = mask.reduce(0) { $0 + $1.nonzeroBitCount }
    let network = IPNetwork(address: Array(address), bits: bits)
    return network.generalName == .ip(octets) ? network : nil
  }

  func contains(_ address: [UInt8]) -> Bool {
    guard octets.count == address.count * 2 else { return false }
    let (network, mask) = (octets.prefix(address.count), octets.suffix(address.count))
    return zip(address, zip(network, mask)).allSatisfy { $0 & $1.1 == $1.0 & $1.1 }
  }
}

extension String {
  /// Whether this is the domain or a name below it. Each name is below the empty domain.
  fileprivate func isBelow(_ domain: String) -> Bool {
    let (name, domain) = (lowercased(), domain.lowercased())
    return domain.isEmpty || name == domain || name.hasSuffix(domain.hasPrefix(".") ? domain : ".\(domain)")
  }
}
