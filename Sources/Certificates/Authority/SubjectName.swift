import Cryptography

/// The only Common Name of a new certificate, checked for its purpose.
///
/// etcd uses the CN byte for byte as the user's name, without trimming, case folding or normalisation, and
/// the last of several CNs. So a subject made here has exactly one CN and nothing else.
struct SubjectName {
  let commonName: String

  /// Prefixes of server certificates. If a user had such a name, its rights would also belong to etcd's gRPC
  /// gateway, which calls etcd with the server certificate, or to the authority server.
  private static let serverPrefixes = ["etcd-server ", "etcd-peer ", "bulkhead-authority "]

  /// The CN of a client: the name of the etcd user.
  init(user: String, allowRoot: Bool) throws {
    try self.init(checked: user, what: "user name")
    guard allowRoot || user != "root" else {
      throw CertificatesError(
        "a certificate for root was not asked for outright",
        hint: "root may do everything in etcd; ask for it by name")
    }
    guard !Self.serverPrefixes.contains(where: user.hasPrefix) else {
      throw CertificatesError(
        "the user name \"\(user)\" is kept for the certificates of servers",
        hint: "choose another user name")
    }
  }

  init(server member: String) throws { try self.init(checked: "etcd-server \(member)", what: "member name") }

  init(peer member: String) throws { try self.init(checked: "etcd-peer \(member)", what: "member name") }

  static var authorityServer: SubjectName {
    get throws { try SubjectName(checked: "bulkhead-authority server", what: "server name") }
  }

  init(authority name: String) throws { try self.init(checked: name, what: "authority's name") }

  /// X.520 limits a CN to 64 characters (ub-common-name, RFC 5280 appendix A.1), which OpenSSL enforces and
  /// etcd does not. Bulkhead also limits a user's name to 128 bytes, because very long names crash etcd.
  private init(checked name: String, what: String) throws {
    guard !name.isEmpty else {
      throw CertificatesError(
        "the \(what) is empty", hint: "etcd refuses a certificate without a name; give one")
    }
    guard name.unicodeScalars.count <= 64, name.utf8.count <= 128 else {
      throw CertificatesError(
        "the \(what) has \(name.unicodeScalars.count) characters in \(name.utf8.count) bytes,"
          + " and X.509 allows 64 in a Common Name and Bulkhead 128 bytes", hint: "choose a shorter name")
    }
    guard !name.unicodeScalars.contains(where: \.isInvisible) else {
      throw CertificatesError(
        "the \(what) holds a control character or an invisible one", hint: "use printable characters only")
    }
    guard let first = name.unicodeScalars.first, let last = name.unicodeScalars.last,
      !first.properties.isWhitespace, !last.properties.isWhitespace
    else {
      throw CertificatesError(
        "the \(what) \"\(name)\" begins or ends with white space",
        hint: "etcd does not trim names; remove the space")
    }
    self.commonName = name
  }

  var distinguishedName: DistinguishedName {
    DistinguishedName(commonName: commonName)
  }
}

extension Unicode.Scalar {
  fileprivate var isInvisible: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
    default: false
    }
  }
}
