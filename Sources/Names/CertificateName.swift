/// The name of a client's certificate, and the attribute of its subject that holds it.
package enum CertificateName: Hashable, Sendable {
  /// The name of an etcd user, in the Common Name.
  case user(String)
  /// The name of a certificate that only secures the connection of a user with a password. It is in the
  /// organizational unit (OU), and the subject has no Common Name: with authentication and `--client-cert-auth`,
  /// etcd's JSON gateway answers each request of a client whose certificate has a Common Name with HTTP 400 (etcd,
  /// `server/embed/serve.go`, `accessController.ServeHTTP`).
  case transport(String)

  /// The end of each name of a certificate without a Common Name.
  private static let suffix = "-transport"

  /// Names that end in `-transport` and have no dot are of certificates without a Common Name; no user may have such
  /// a name. With a dot it is the user of a component on a node, such as `calico-node.rail-transport`.
  package init(_ name: String) {
    // By bytes: Swift compares texts by canonical equivalence, etcd by bytes.
    let isTransport =
      name.utf8.count > Self.suffix.utf8.count
      && name.utf8.suffix(Self.suffix.utf8.count).elementsEqual(Self.suffix.utf8)
      && !name.utf8.contains(UInt8(ascii: "."))
    self = isTransport ? .transport(name) : .user(name)
  }

  /// The name of the certificate that secures the connections of a component with a password.
  package static func transportName(of component: String) -> String { "\(component)\(suffix)" }

  package var text: String {
    switch self {
    case .user(let name), .transport(let name): name
    }
  }

  /// Whether the certificate has no Common Name.
  package var isTransport: Bool {
    if case .transport = self { true } else { false }
  }
}
