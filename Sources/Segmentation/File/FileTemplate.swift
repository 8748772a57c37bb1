import Catalogue
import YAML

/// The text of a new `bulkhead.yaml`: known values filled in, the rest explained in comments.
///
/// The text is valid YAML for all values; ``SegmentationFile`` checks the values themselves.
package struct FileTemplate: Sendable {
  package var cluster = "my-cluster"
  package var calico = "v3.32.1"
  package var roles = CatalogueForm.corrected
  package var features: [String] = []
  package var endpoints: [String] = ["https://127.0.0.1:2379"]
  package var ca = "pki/etcd-ca.crt"
  package var certificate = "pki/clients/root.crt"
  package var key = "pki/clients/root.key"
  package var authority = "pki"
  package var components = ["calico-node", "cni-plugin", "kube-controllers"]
  package var calicoctl: [(user: String, access: String)] = []
  package var apiservers: [String] = []
  /// kube-apiserver's `--etcd-prefix`; nil for the default.
  package var etcdPrefix: String?
  package var administrators: [SegmentationFile.Administrator] = []
  package var isolation = SegmentationFile.Isolation.component
  package var nodes: [String] = []
  package var custom: [SegmentationFile.CustomComponent] = []
  package var customRoles: [SegmentationFile.CustomRole] = []
  /// The path or URL of the schema, for editors; nil for none.
  package var schema: String?
  /// Remarks for people, written as comments at the end.
  package var remarks: [String] = []

  package init() {}

  /// The text of the file.
  package var text: String {
    """
    \(schema.map { "# yaml-language-server: $schema=\($0)\n" } ?? "")# What Bulkhead is to make of this cluster. 'bulkhead plan' shows what that changes, 'bulkhead apply' does it.
    # Paths are relative to this file.
    apiVersion: bulkhead/v1
    kind: Segmentation
    cluster: \(scalar(cluster))

    calico:
      version: \(scalar(calico))
      roles: \(roles.rawValue)          # 'corrected' is what the programs really need; 'documented' takes Calico's published tables
      features: \(list(features))              # see 'bulkhead catalogue --features'

    etcd:
      endpoints: \(list(endpoints))
      ca: \(scalar(ca))
      certificate: \(scalar(certificate))    # an identity with the root role
      key: \(scalar(key))

    # Each of these gets a certificate, a user and a role of its own.
    components: \(list(components))

    \(calicoctlLines)

    \(apiserverLines)

    \(administratorLines)

    \(sections)certificates:
      authority: {directory: \(scalar(authority))}
      lifetime: 90d

    """
  }

  private var calicoctlLines: String {
    let head = "# People who use calicoctl: read-only, policy-editor or full."
    guard !calicoctl.isEmpty else {
      return """
        \(head)
        # calicoctl:
        #   - {user: alice, access: read-only}
        """
    }
    let users = calicoctl.map { "  - {user: \(scalar($0.user)), access: \(scalar($0.access))}" }
    return ([head, "calicoctl:"] + users).joined(separator: "\n")
  }

  private var apiserverLines: String {
    guard let apiserver = apiservers.first else {
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
        apiserver: \(apiservers.count == 1 ? scalar(apiserver) : list(apiservers))\(etcdPrefix.map { "\n  prefix: \(scalar($0))" } ?? "")
      """
  }

  private var administratorLines: String {
    guard !administrators.isEmpty else {
      return """
        # Others that need etcd's role root: they keep it. Where kubeadm made this etcd, its own client is one.
        # administrators:
        #   - {user: kube-etcd-healthcheck-client, why: "kubeadm join, reset and upgrade; probes of the etcd pod"}
        """
    }
    let users = administrators.map { "  - {user: \(scalar($0.user)), why: \(scalar($0.why))}" }
    return (["# Others that hold etcd's role root and keep it.", "administrators:"] + users)
      .joined(separator: "\n")
  }

  func list(_ texts: [String]) -> String { "[\(texts.map(scalar).joined(separator: ", "))]" }

  /// A text as a YAML scalar: plain if YAML can only read it as that text, else in quotes.
  func scalar(_ text: String) -> String {
    let plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-"
    // Words that YAML 1.1 reads as another type, `y` and `n` included.
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
    let url = text.hasPrefix("https://") ? text.dropFirst("https:".count) : ""
    let isPlain =
      text.first.map { $0.isLetter || $0 == "/" } == true
      && (text.allSatisfy(plain.contains) || (!url.isEmpty && url.allSatisfy((plain + ":").contains)))
      && !text.hasSuffix(":") && !words.contains(text.lowercased())
    return isPlain ? text : text.asDoubleQuotedYAML
  }
}
