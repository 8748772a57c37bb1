/// The data files, compiled into the program so that it needs no other files. SwiftPM generates
/// `PackageResources` from the folder `Data`; each file must also be listed here.
enum CatalogueData {
  static var components: [(file: String, bytes: [UInt8])] {
    [
      ("calico-node.yaml", PackageResources.calico_node_yaml),
      ("felix.yaml", PackageResources.felix_yaml),
      ("cni-plugin.yaml", PackageResources.cni_plugin_yaml),
      ("kube-controllers.yaml", PackageResources.kube_controllers_yaml),
      ("typha.yaml", PackageResources.typha_yaml),
      ("calicoctl-read-only.yaml", PackageResources.calicoctl_read_only_yaml),
      ("calicoctl-policy-editor.yaml", PackageResources.calicoctl_policy_editor_yaml),
      ("calicoctl-full.yaml", PackageResources.calicoctl_full_yaml),
      ("neutron-driver.yaml", PackageResources.neutron_driver_yaml),
      ("dhcp-agent.yaml", PackageResources.dhcp_agent_yaml),
      ("flannel.yaml", PackageResources.flannel_yaml),
      ("kube-apiserver.yaml", PackageResources.kube_apiserver_yaml),
      ("calico.yaml", PackageResources.calico_yaml),
    ]
  }

  static var features: [UInt8] { PackageResources.features_yaml }
  static var seen: [UInt8] { PackageResources.seen_yaml }
}
