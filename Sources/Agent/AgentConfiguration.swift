import CertificateSources
import Files
import StrictYAML

/// The file of one agent: where certificates come from, and where they go.
public struct AgentConfiguration: Hashable, Sendable {
  public var source: Source
  /// At least one.
  public var deliveries: [Delivery]
  /// The authorities of etcd's server certificates, a file in PEM; nil where the source says.
  public var etcdCA: String?
  /// What a source is asked for that lets its clients choose; nil for its own default.
  public var lifetime: Lifetime?
  public var renewal: RenewalPolicy
  /// Where `/live`, `/ready` and `/metrics` are; nil for nowhere.
  public var listen: ListenAddress?

  public enum Source: Hashable, Sendable {
    /// A folder that something else fills.
    case directory(String)
    case server(ServerSettings)
    case vault(VaultSettings)
  }

  /// One identity's certificate on this node.
  public struct Delivery: Hashable, Sendable {
    /// The certificate's Common Name, which is the etcd user.
    public var identity: String
    /// Gets `etcd-ca`, `etcd-cert` and `etcd-key`.
    public var directory: String
    /// Permission bits.
    public var keyMode: UInt32
    public var certificateMode: UInt32
    /// Names or numbers; nil for whom the agent runs as.
    public var owner: String?
    public var group: String?
    /// The folder on the host from which the CNI plugin reads, Calico's `calico-tls`.
    public var cniCopy: String?
    public var afterChange: AfterChange?
  }

  /// What is done when a certificate has changed.
  public enum AfterChange: Hashable, Sendable {
    /// A program and its arguments, without a shell.
    case command([String])
    case signal(Signal, pidFile: String)
  }

  public enum Signal: String, CaseIterable, Hashable, Sendable {
    case hangup = "HUP"
    case user1 = "USR1"
    case user2 = "USR2"
    case terminate = "TERM"
  }

  /// An address and a port on this machine.
  public struct ListenAddress: Hashable, Sendable {
    public var host: String
    public var port: Int
  }
}

extension AgentConfiguration {
  /// Reads a file; relative paths in it are relative to its folder.
  /// - Parameter environment: What `${NAME}` in a value stands for.
  /// - Throws: `FileFaults` with every fault, or `FileError`.
  public init(file path: String, environment: [String: String]) throws {
    let slash = path.lastIndex(of: "/")
    try self.init(
      FileContents.readText(path), file: path, folder: slash.map { String(path[..<$0]) } ?? ".",
      environment: environment)
  }
}
