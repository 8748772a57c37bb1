/// The Common Names of servers.
///
/// etcd's JSON gateway calls etcd with the member's server certificate (etcd, `embed/serve.go`). If a user had that
/// certificate's name, each client of the gateway would have the user's permissions.
package enum ServerName {
  /// The name in the certificate of a member's client port.
  package static func member(_ name: String) -> String { "etcd-server \(name)" }

  /// The name in the certificate of a member's peer port.
  package static func peer(_ name: String) -> String { "etcd-peer \(name)" }

  /// The name in the certificate of `bulkhead authority serve`.
  package static let authority = "bulkhead-authority server"

  /// The name in the certificate that tests for an hour whether a member trusts an authority.
  package static let probe = "bulkhead probe"

  /// Whether Bulkhead gives such a name to a certificate that belongs to no user.
  package static func isReserved(_ name: String) -> Bool {
    name == probe || ["etcd-server ", "etcd-peer ", "bulkhead-authority "].contains(where: name.hasPrefix)
  }

  /// Whether the certificates of etcd's servers often have such a name: etcd's own examples, kubeadm and kOps use it.
  package static func isUsual(_ name: String) -> Bool {
    ["etcd", "kube-etcd", "localhost"].contains(name)
      || ["etcd-server", "kube-etcd-peer"].contains(where: name.hasPrefix)
  }
}
