import Catalogue
import Segmentation
import YAML

/// The files that the pods of kubespray read on each host: one credential for all programs of Calico.
///
/// kubespray links its own certificate for etcd there (`roles/network_plugin/calico/tasks/install.yml` of kubespray
/// 2.32, the task "Link etcd certificates for calico-node"), by the names in `etcd_cert_dir` that `kube_etcd_cert_file`
/// and others have. ``variables`` let that task link Bulkhead's files instead.
package struct KubesprayLayout: Sendable {
  /// The folder that Bulkhead's files and kubespray's links are made from.
  let base: String

  /// kubespray's `calico_cert_dir`.
  package static let folder = "/etc/calico/certs"

  /// kubespray gives its links this mode. kube-controllers' image runs as user 999 in group root.
  static let mode: UInt32 = 0o640

  /// From this release on kube-controllers runs as 10001:10001 (Calico, `docker/calico/Dockerfile`), which cannot pass
  /// kubespray's folder, root:root 0750.
  package static func serves(_ release: CalicoRelease) -> Bool {
    release < CalicoRelease(major: 3, minor: 33)
  }

  /// kubespray's name of each file, and its name in a folder of Bulkhead.
  static let names = [("ca_cert.crt", "etcd-ca"), ("cert.crt", "etcd-cert"), ("key.pem", "etcd-key")]

  /// The files of a host whose content is known here.
  func files(_ material: CredentialMaterial) -> [NodeFile] {
    zip(Self.names, [material.authority, material.certificate, material.key]).map { name, bytes in
      NodeFile(path: "\(Self.folder)/\(name.0)", format: .kubespray, bytes: bytes, mode: Self.mode)
    }
  }

  /// Variables for kubespray, as extra variables: those win over the facts that kubespray sets for etcd of kubeadm.
  var variables: BundleFile {
    func choice(_ own: String, _ usual: String, _ kubeadm: String) -> String {
      "{{ \(own) if (ansible_role_name | default('')) is search('network_plugin[./]calico$') "
        + "else \(kubeadm) if etcd_deployment_type == 'kubeadm' else \(usual) }}"
    }
    let values = [
      ("etcd_cert_dir", choice("'\(base)/kubespray'", "etcd_config_dir ~ '/ssl'", "kube_cert_dir")),
      ("kube_etcd_cacert_file", choice("'ca_cert.crt'", "'ca.pem'", "'etcd/ca.crt'")),
      (
        "kube_etcd_cert_file",
        choice("'cert.crt'", "'node-' ~ inventory_hostname ~ '.pem'", "'apiserver-etcd-client.crt'")
      ),
      (
        "kube_etcd_key_file",
        choice("'key.pem'", "'node-' ~ inventory_hostname ~ '-key.pem'", "'apiserver-etcd-client.key'")
      ),
    ]
    return BundleFile(
      "kubespray.yml",
      """
      # Written by 'bulkhead bundle'. Give it to each run of kubespray: ansible-playbook … -e @kubespray.yml cluster.yml
      # Its role for Calico then links the files of \(base)/kubespray; all other roles have the values of before.

      """ + values.map { "\($0): \($1.asDoubleQuotedYAML)\n" }.joined())
  }
}
