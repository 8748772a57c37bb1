extension Key {
  /// What every key of Bulkhead begins with. No role of the catalogue reaches it.
  package static let bulkhead: Key = "/bulkhead/"
  /// What every key of Calico begins with (libcalico-go, `lib/backend/model`).
  package static let calico: Key = "/calico/"
  /// What every key of Kubernetes begins with, with kube-apiserver's default `--etcd-prefix`.
  package static let kubernetes: Key = "/registry/"
}

extension KeyRange {
  package static let bulkhead = KeyRange.prefix(.bulkhead)
  package static let calico = KeyRange.prefix(.calico)
  package static let kubernetes = KeyRange.prefix(.kubernetes)
  /// The key in which kube-apiserver records how far it has compacted the store (Kubernetes,
  /// `apiserver/pkg/storage/etcd3/compact.go`).
  package static let compaction = KeyRange.key("compact_rev_key")
}
