import Endpoints

/// The first `bulkhead.yaml`: what is known filled in, the rest explained.
public struct FileTemplate: Sendable {
  public var cluster = "my-cluster"
  public var calico = "v3.32.1"
  public var endpoints: [String] = ["https://127.0.0.1:2379"]
  public var ca = "pki/etcd-ca.crt"
  public var certificate = "pki/clients/root.crt"
  public var key = "pki/clients/root.key"
  public var authority = "pki"
  public var components = ["calico-node", "cni-plugin", "kube-controllers"]
  public var calicoctl: [(user: String, access: String)] = []
  public var apiserver: String?

  public init() {}

  public var text: String {
    """
    # What Bulkhead is to make of this cluster. 'bulkhead plan' shows what that changes, 'bulkhead apply' does it.
    # Paths are relative to this file.
    apiVersion: bulkhead/v1
    kind: Segmentation
    cluster: \(Self.scalar(cluster))

    calico:
      version: \(calico)
      roles: corrected          # what the programs really need; 'documented' takes Calico's published tables
      features: []              # see 'bulkhead catalogue --features'

    etcd:
      endpoints: [\(endpoints.joined(separator: ", "))]
      ca: \(Self.scalar(ca))
      certificate: \(Self.scalar(certificate))    # an identity with the root role
      key: \(Self.scalar(key))

    # Each of these gets a certificate, a user and a role of its own.
    components: [\(components.joined(separator: ", "))]
    \(calicoctlLines)
    \(apiserverLines)
    certificates:
      authority: {directory: \(Self.scalar(authority))}
      lifetime: 90d

    """
  }

  private var calicoctlLines: String {
    guard !calicoctl.isEmpty else {
      return """

        # People who use calicoctl: read-only, policy-editor or full.
        # calicoctl:
        #   - {user: alice, access: read-only}

        """
    }
    let users = calicoctl.map { "  - {user: \(Self.scalar($0.user)), access: \($0.access)}" }
    return
      "\n# People who use calicoctl: read-only, policy-editor or full.\ncalicoctl:\n\(users.joined(separator: "\n"))\n"
  }

  private var apiserverLines: String {
    guard let apiserver else {
      return """
        # If Kubernetes uses this etcd too: the Common Name of kube-apiserver's client certificate, which keeps the
        # root role. Without it the API server is locked out when authentication is turned on.
        # kubernetes:
        #   apiserver: kube-apiserver-etcd-client

        """
    }
    return """
      # kube-apiserver keeps the root role: it uses this etcd too, and compacts it.
      kubernetes:
        apiserver: \(Self.scalar(apiserver))

      """
  }

  /// A text as a YAML scalar: plain where that is safe, in quotes otherwise.
  private static func scalar(_ text: String) -> String {
    let plain =
      text.first?.isLetter == true && text.allSatisfy { $0.isLetter || $0.isNumber || "/._-".contains($0) }
      && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
      || (text.first == "/" || text.first == ".")
        && text.dropFirst().allSatisfy { $0.isLetter || $0.isNumber || "/._-".contains($0) }
    return plain
      ? text
      : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
  }
}
