import AgentFile
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

  package typealias Delivery = AgentDelivery
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
