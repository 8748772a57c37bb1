/// The holder of a certificate.
package struct CertificateHolder: Hashable, Sendable {
  /// The name (`CertificateName`): the Common Name, for a client also the etcd user; the organizational unit in a
  /// certificate without a Common Name.
  package let name: String
  package let purpose: LedgerEntry.Purpose
  /// Calico's name of the program, if it is a Calico component.
  package let component: String?
  /// The node, if each node has its own certificate.
  package let node: String?
  /// Whether certificates of other nodes have the same name, so that the file name must contain the node.
  let sharesName: Bool

  init(
    _ name: String, purpose: LedgerEntry.Purpose, component: String? = nil, node: String? = nil,
    sharesName: Bool = false
  ) {
    self.name = name
    self.purpose = purpose
    self.component = component
    self.node = node
    self.sharesName = sharesName
  }

  /// - Parameter sharesName: whether certificates of other nodes have the same name.
  package init(
    client user: String, component: String? = nil, node: String? = nil, sharesName: Bool = false
  ) {
    self.init(user, purpose: .client, component: component, node: node, sharesName: sharesName)
  }

  /// The name of its files, without `.crt` and `.key`. An encoded user name cannot contain `@`, which
  /// separates it from the node.
  /// - Throws: ``CertificatesError`` if the name cannot be a file name.
  func fileName() throws -> String {
    let file = try CredentialFileName.encode(name)
    guard sharesName, let node else { return file }
    return try CredentialFileName.checked("\(file)@\(CredentialFileName.encode(node))", of: name)
  }
}
