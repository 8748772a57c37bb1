/// The three files of an etcd credential. Their names are keys of every component's Secret: Calico's CNI
/// installer reads these names in `/calico-secrets`, and the paths in the ConfigMap end in them.
enum CredentialFile: String, CaseIterable, Sendable {
  case ca = "etcd-ca"
  case certificate = "etcd-cert"
  case key = "etcd-key"

  /// The path at which hosted manifests mount the credential in each container.
  static let directory = "/calico-secrets"

  var path: String { "\(Self.directory)/\(rawValue)" }

  /// The file whose path a variable contains. The names are those of Calico's manifests, of Felix's own
  /// configuration, of Typha's, of flannel and of etcdctl.
  init?(variable: String) {
    switch variable {
    case "ETCD_CA_CERT_FILE", "FELIX_ETCDCAFILE", "FLANNELD_ETCD_CAFILE", "ETCDCTL_CACERT",
      "TYPHA_ETCDCAFILE":
      self = .ca
    case "ETCD_CERT_FILE", "FELIX_ETCDCERTFILE", "FLANNELD_ETCD_CERTFILE", "ETCDCTL_CERT",
      "TYPHA_ETCDCERTFILE":
      self = .certificate
    case "ETCD_KEY_FILE", "FELIX_ETCDKEYFILE", "FLANNELD_ETCD_KEYFILE", "ETCDCTL_KEY", "TYPHA_ETCDKEYFILE":
      self = .key
    default: return nil
    }
  }

  /// The variable from which a component reads the path. Typha reads no other (Calico, `typha/pkg/config`).
  func variable(of component: String) -> String {
    guard component == "typha" else { return variable }
    return switch self {
    case .ca: "TYPHA_ETCDCAFILE"
    case .certificate: "TYPHA_ETCDCERTFILE"
    case .key: "TYPHA_ETCDKEYFILE"
    }
  }

  /// The variable with etcd's endpoints.
  static func endpointsVariable(of component: String?) -> String {
    component == "typha" ? "TYPHA_ETCDENDPOINTS" : "ETCD_ENDPOINTS"
  }

  /// Calico's own name of the variable.
  var variable: String {
    switch self {
    case .ca: "ETCD_CA_CERT_FILE"
    case .certificate: "ETCD_CERT_FILE"
    case .key: "ETCD_KEY_FILE"
    }
  }
}
