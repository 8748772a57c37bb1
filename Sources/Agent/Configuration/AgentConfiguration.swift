import AgentFile
import CertificateSources
import Files
import Names
import StrictYAML

/// The configuration of an agent: the source of its certificates, and where it writes them.
package struct AgentConfiguration: Hashable, Sendable {
  /// Nil if the agent keeps no certificate.
  package var source: Source?
  /// Empty if the agent keeps only a revocation list.
  package var deliveries: [Delivery]
  /// The revocation list of an etcd member; nil on other hosts.
  package var revocationList: RevocationList?
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

  package typealias Delivery = AgentDelivery

  /// The revocation list that etcd reads, its `--client-crl-file`.
  package struct RevocationList: Hashable, Sendable {
    package var source: RevocationListSource
    /// The authorities whose lists are accepted, a file in PEM.
    package var authority: String
    /// The file that etcd reads.
    package var file: String
    /// Names or numbers; nil for those of the agent's process.
    package var owner: String?
    package var group: String?
    /// The longest time between two requests to the server.
    package var interval: Lifetime
  }
}

extension AgentConfiguration {
  /// Reads a file; relative paths in it are relative to its folder.
  /// - Parameter environment: The values of `${NAME}`.
  /// - Throws: `FileFaults` with all faults, or `FileError`.
  package init(file path: String, environment: [String: String]) throws {
    try self.init(
      FileContents.readText(path), file: path, folder: path.containingFolder, environment: environment)
  }
}
