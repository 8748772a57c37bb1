/// Who a certificate is for.
package struct CertificateHolder: Hashable, Sendable {
  /// The Common Name; for clients the etcd user.
  package let commonName: String
  package let purpose: LedgerEntry.Purpose
  /// Calico's name for the program, where it is one.
  package let component: String?
  /// Where each node has a certificate of its own, which one.
  package let node: String?
  /// Whether the certificates of other nodes have the same Common Name, so that the file's name must tell them apart.
  let sharesName: Bool

  init(
    _ commonName: String, purpose: LedgerEntry.Purpose, component: String? = nil, node: String? = nil,
    sharesName: Bool = false
  ) {
    self.commonName = commonName
    self.purpose = purpose
    self.component = component
    self.node = node
    self.sharesName = sharesName
  }

  /// - Parameter sharesName: whether the certificates of other nodes have the same Common Name.
  package init(
    client user: String, component: String? = nil, node: String? = nil, sharesName: Bool = false
  ) {
    self.init(user, purpose: .client, component: component, node: node, sharesName: sharesName)
  }

  /// The name of its files, without `.crt` and `.key`. No user's name can make the `@` before the node.
  /// - Throws: ``CertificatesError`` where the name makes no file name.
  func fileName() throws -> String {
    let name = try CredentialFileName.encode(commonName)
    guard sharesName, let node else { return name }
    return try CredentialFileName.checked("\(name)@\(CredentialFileName.encode(node))", of: commonName)
  }
}

extension CertificateHolder {
  /// Why a name cannot be the Common Name of a client other than root; nil where it can.
  package static func problem(withUser name: String) -> CertificatesError? {
    do {
      _ = try SubjectName(user: name, allowRoot: false)
      return nil
    } catch {
      return error as? CertificatesError
    }
  }
}
