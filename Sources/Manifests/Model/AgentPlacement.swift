/// The agent that is added to pods.
package struct AgentPlacement: Sendable, Equatable {
  /// An image that contains the program `bulkhead`.
  package var image: String
  /// The content of the section `source:` of its configuration.
  package var source: String
  /// The Common Name for each component; `${NODE_NAME}` in it stands for the node of the pod.
  package var identities: [String: String]
  /// The authorities of etcd's server certificates, in PEM.
  package var etcdCA: String

  package init(image: String, source: String, identities: [String: String], etcdCA: String) {
    self.image = image
    self.source = source
    self.identities = identities
    self.etcdCA = etcdCA
  }
}
