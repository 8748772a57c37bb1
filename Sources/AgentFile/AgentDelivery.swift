/// One certificate that an agent keeps current: an entry of `certificates` in `agent.yaml`.
package struct AgentDelivery: Hashable, Sendable {
  /// The certificate's Common Name, which is the etcd user.
  package var identity: String
  /// The folder for `etcd-ca`, `etcd-cert` and `etcd-key`.
  package var directory: String
  /// Permission bits of the folder; nil to create it with 0755 and leave an existing one as it is.
  package var directoryMode: UInt32?
  /// Permission bits.
  package var keyMode: UInt32
  package var certificateMode: UInt32
  /// Names or numbers; nil for those of the agent's process.
  package var owner: String?
  package var group: String?
  /// The folder from which the CNI plugin reads on the host, Calico's `calico-tls`.
  package var cniCopy: String?
  /// The CNI network for which the identity has access in etcd; nil if it does not matter.
  package var cniNetwork: CNINetwork?
  package var afterChange: AfterChange?

  package static let usualKeyMode: UInt32 = 0o600
  package static let usualCertificateMode: UInt32 = 0o644

  package init(
    identity: String, directory: String, keyMode: UInt32 = usualKeyMode,
    certificateMode: UInt32 = usualCertificateMode, owner: String? = nil, group: String? = nil,
    directoryMode: UInt32? = nil, cniCopy: String? = nil, cniNetwork: CNINetwork? = nil,
    afterChange: AfterChange? = nil
  ) {
    self.identity = identity
    self.directory = directory
    self.directoryMode = directoryMode
    self.keyMode = keyMode
    self.certificateMode = certificateMode
    self.owner = owner
    self.group = group
    self.cniCopy = cniCopy
    self.cniNetwork = cniNetwork
    self.afterChange = afterChange
  }

  /// A CNI network, and where the host has its configuration.
  package struct CNINetwork: Hashable, Sendable {
    package var name: String
    /// The folder of CNI configurations.
    package var folder: String

    package static let usualFolder = "/etc/cni/net.d"

    package init(name: String, folder: String = usualFolder) {
      self.name = name
      self.folder = folder
    }
  }

  /// The action after a certificate has changed.
  package enum AfterChange: Hashable, Sendable {
    /// A program and its arguments, without a shell.
    case command([String])
    case signal(Signal, pidFile: String)
  }

  package enum Signal: String, CaseIterable, Hashable, Sendable {
    case hangup = "HUP"
    case user1 = "USR1"
    case user2 = "USR2"
    case terminate = "TERM"
  }

  /// The keys of an entry.
  package enum Key: String, CaseIterable, Sendable {
    case identity, directory, directoryMode, keyMode, certificateMode, owner, group, cniCopy, cniNetwork,
      afterChange
  }
}
