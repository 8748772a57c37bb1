import CertificateSources
import Files
import Names
import StrictYAML

/// The configuration of an agent: the source of its certificates, and where it writes them.
package struct AgentConfiguration: Hashable, Sendable {
  package var source: Source
  /// At least one.
  package var deliveries: [Delivery]
  /// The authorities of etcd's server certificates, a file in PEM; nil if the source sends them.
  package var etcdCA: String?
  /// The lifetime to request, from sources that let clients choose; nil for the source's default.
  package var lifetime: Lifetime?
  package var renewal: RenewalPolicy
  /// The address of `/live`, `/ready` and `/metrics`; nil for none.
  package var listen: ListenAddress?

  package enum Source: Hashable, Sendable {
    /// A folder that another program fills.
    case directory(String)
    case server(ServerSettings)
    case vault(VaultSettings)
  }

  /// The certificate of one identity on this node.
  package struct Delivery: Hashable, Sendable {
    /// The certificate's Common Name, which is the etcd user.
    package var identity: String
    /// The folder for `etcd-ca`, `etcd-cert` and `etcd-key`.
    package var directory: String
    /// Permission bits.
    package var keyMode: UInt32
    package var certificateMode: UInt32
    /// Names or numbers; nil for those of the agent's process.
    package var owner: String?
    package var group: String?
    /// The folder from which the CNI plugin reads on the host, Calico's `calico-tls`.
    package var cniCopy: String?
    package var afterChange: AfterChange?
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
}

extension AgentConfiguration {
  /// Reads a file; relative paths in it are relative to its folder.
  /// - Parameter environment: The values of `${NAME}`.
  /// - Throws: `FileFaults` with all faults, or `FileError`.
  package init(file path: String, environment: [String: String]) throws {
    let slash = path.lastIndex(of: "/")
    try self.init(
      FileContents.readText(path), file: path, folder: slash.map { String(path[..<$0]) } ?? ".",
      environment: environment)
  }
}
