/// The agent that is added to pods.
package struct AgentPlacement: Sendable, Equatable {
  /// An image that contains the program `bulkhead`.
  package var image: String
  /// The content of the section `source:` of its configuration, or a file with the key `source` and others: see
  /// `AgentFile`.
  package var source: String
  /// The Common Name for each component; `${NODE_NAME}` in it stands for the name of the pod's node in Kubernetes,
  /// `${CALICO_NODE_NAME}` for that in Calico.
  package var identities: [String: String]
  /// Calico's name of each node that has another one in Kubernetes, by the name in Kubernetes.
  package var nodeNames: [String: String]
  /// The authorities of etcd's server certificates, in PEM.
  package var etcdCA: String
  /// Further files of its configuration, by name. They are in a ConfigMap, so they are no secrets.
  package var files: [String: String]
  /// A Secret whose keys the agent gets as files, such as the secret id of an AppRole; nil for none.
  package var secret: String?
  /// The folder on each host in which a DaemonSet's agent keeps the credentials, so that they survive a restart of
  /// the node; nil to keep them in memory only.
  package var folder: String?
  /// Whether it needs the default token of the pod's service account.
  package var needsDefaultToken: Bool
  /// The hosts in the addresses of its source.
  package var sourceHosts: [String]

  /// Where the files of the configuration are in the agent's container.
  package static let configurationFolder = AgentContainer.configurationFolder
  /// Where the keys of ``secret`` are.
  package static let secretFolder = AgentContainer.secretFolder
  /// The token for the audience `bulkhead`.
  package static let tokenFile = AgentContainer.tokenFile
  /// The usual ``folder``.
  package static let usualFolder = "/var/lib/bulkhead"

  package init(
    image: String, source: String, identities: [String: String], etcdCA: String,
    files: [String: String] = [:],
    secret: String? = nil, folder: String? = usualFolder, needsDefaultToken: Bool = false,
    sourceHosts: [String] = [], nodeNames: [String: String] = [:]
  ) {
    self.nodeNames = nodeNames
    self.image = image
    self.source = source
    self.identities = identities
    self.etcdCA = etcdCA
    self.files = files
    self.secret = secret
    self.folder = folder
    self.needsDefaultToken = needsDefaultToken
    self.sourceHosts = sourceHosts
  }
}

extension AgentPlacement {
  /// Whether it is the name of a file in a ConfigMap that ``files`` may have.
  package static func isFileName(_ name: String) -> Bool {
    // Kubernetes, `apimachinery/pkg/util/validation.IsConfigMapKey`.
    name.wholeMatch(of: #/[-._a-zA-Z0-9]{1,253}/#) != nil && !name.hasPrefix("..") && name != "."
      && !["agent.yaml", "etcd-ca.crt"].contains(name)
  }
}
