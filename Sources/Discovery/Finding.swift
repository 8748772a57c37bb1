/// A value, and where it was found.
package struct Finding<Value: Hashable & Sendable>: Hashable, Sendable {
  package let value: Value
  /// For a person: `--etcd-servers in /etc/kubernetes/manifests/kube-apiserver.yaml`.
  package let source: String

  package init(_ value: Value, _ source: String) {
    self.value = value
    self.source = source
  }
}
