import CertificateSources
import Files
import StrictYAML

/// The file of one agent: where certificates come from, and where they go.
package struct AgentConfiguration: Hashable, Sendable {
  package var source: Source
  /// At least one.
  package var deliveries: [Delivery]
  /// The authorities of etcd's server certificates, a file in PEM; nil where the source says.
  package var etcdCA: String?
  /// What a source is asked for that lets its clients choose; nil for its own default.
  package var lifetime: Lifetime?
  package var renewal: RenewalPolicy
  /// Where `/live`, `/ready` and `/metrics` are; nil for nowhere.
  package var listen: ListenAddress?

  package enum Source: Hashable, Sendable {
    /// A folder that something else fills.
    case directory(String)
    case server(ServerSettings)
    case vault(VaultSettings)
  }

  /// One identity's certificate on this node.
  package struct Delivery: Hashable, Sendable {
    /// The certificate's Common Name, which is the etcd user.
    package var identity: String
    /// Gets `etcd-ca`, `etcd-cert` and `etcd-key`.
    package var directory: String
    /// Permission bits.
    package var keyMode: UInt32
    package var certificateMode: UInt32
    /// Names or numbers; nil for whom the agent runs as.
    package var owner: String?
    package var group: String?
    /// The folder on the host from which the CNI plugin reads, Calico's `calico-tls`.
    package var cniCopy: String?
    package var afterChange: AfterChange?
  }

  /// What is done when a certificate has changed.
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

  /// An address and a port on this machine.
  package struct ListenAddress: Hashable, Sendable {
    package var host: String
    package var port: Int
  }
}

extension AgentConfiguration {
  /// Reads a file; relative paths in it are relative to its folder.
  /// - Parameter environment: What `${NAME}` in a value stands for.
  /// - Throws: `FileFaults` with every fault, or `FileError`.
  package init(file path: String, environment: [String: String]) throws {
    let slash = path.lastIndex(of: "/")
    try self.init(
      FileContents.readText(path), file: path, folder: slash.map { String(path[..<$0]) } ?? ".",
      environment: environment)
  }
}
