import Catalogue
import Names
import Segmentation

/// The settings with which each of Calico's programs reaches etcd as its identity, in the file that the
/// program reads. That file may have other settings of the user, which stay (``NodeFile/Format``).
///
/// The names of options and variables are Calico's own: libcalico-go `lib/apiconfig/apiconfig.go`, Felix
/// `config/config_params.go`, Typha `pkg/config/config_params.go`, the CNI plugin `pkg/types/types.go`,
/// networking-calico `common/config.py`; for flannel, the flags of flanneld.
package struct CalicoSettings: Sendable {
  let endpoints: [Endpoint]
  let layout: HostLayout
  /// OpenStack's region, which must be the same for all programs of a region; nil without one.
  let region: String?
  /// The name of the CNI network, with which the IPAM handles of pods begin.
  let network: String

  package init(
    endpoints: [Endpoint], layout: HostLayout, region: String? = nil,
    network: String = Installation.defaultNetwork
  ) {
    self.network = network
    self.endpoints = endpoints
    self.layout = layout
    self.region = region
  }

  /// The components that have a settings file.
  package static let components = [
    "calico-node", "felix", "cni-plugin", "typha", "kube-controllers", "flannel", "neutron-driver",
    "dhcp-agent",
    "calicoctl",
  ]

  /// The name in ``components`` for an identity at a site; nil for one without settings.
  package static func component(of resident: Site.Resident) -> String? {
    if resident.identity.isPerson { return "calicoctl" }
    return resident.program.flatMap { components.contains($0) ? $0 : nil }
  }

  /// The settings files of one identity on one host.
  /// - Parameter password: The password of an identity that logs in with one.
  package func files(of resident: Site.Resident, on site: Site, password: String?) -> [NodeFile] {
    let folder = layout.folder(of: resident)
    func file(
      _ path: String, _ lines: [String], _ format: NodeFile.Format = .environment, mode: UInt32 = 0o644,
      owner: String = "root", group: String = "root"
    ) -> [NodeFile] {
      let text = ([Self.head] + lines).joined(separator: "\n") + "\n"
      return [
        NodeFile(path: path, format: format, bytes: Array(text.utf8), mode: mode, owner: owner, group: group)
      ]
    }
    switch Self.component(of: resident) {
    case "calico-node":
      let name = site.node.map { ["NODENAME=\($0)", "CALICO_NODENAME=\($0)"] } ?? []
      return file(
        "/etc/calico/calico.env", environment(folder) + name + felixRegion("FELIX_OPENSTACKREGION="))
    case "kube-controllers":
      // To compact etcd itself, kube-controllers would need the role root.
      return file("/etc/calico/kube-controllers.env", environment(folder) + ["COMPACTION_PERIOD=0"])
    case "felix": return file("/etc/calico/felix.cfg", felix(folder, site), .sections)
    case "typha": return file("/etc/calico/typha.env", typha(folder))
    case "flannel": return file("/etc/calico/flanneld.env", flannel(folder))
    // In the person's own folder: several people may work on a host.
    case "calicoctl": return file("\(folder.path)/calicoctl.cfg", calicoctl(folder), .whole)
    case "cni-plugin": return [networkConfiguration(folder, site)]
    case "neutron-driver", "dhcp-agent":
      guard let password else { return [] }
      let lines = neutron(folder, site, user: resident.identity.user, password: password)
      let own = "\(folder.path)/calico.conf"
      // With the password, for the account that reads the key.
      let reader = folder.reader
      let mode: UInt32 = reader.keyMode & 0o040 == 0 ? 0o600 : 0o640
      // Options of neutron.conf win over those of the folders that oslo.config reads by default, and it is the only
      // file that `calico-resync` reads (networking-calico, `resync/cli.py`). The second file is for a host with both
      // programs, which have users of their own.
      return file(own, lines, .whole, mode: mode, owner: reader.owner, group: reader.group)
        + file(
          "/etc/neutron/neutron.conf", ["# Also in \(own)"] + lines, .sections, mode: mode,
          owner: reader.owner, group: reader.group)
    default: return []
    }
  }

  private static let head = "# Written by 'bulkhead bundle'."

  private var list: String { endpoints.map(\.description).joined(separator: ",") }

  private func environment(_ folder: CredentialFolder) -> [String] {
    [
      "DATASTORE_TYPE=etcdv3", "ETCD_ENDPOINTS=\(list)", "ETCD_CA_CERT_FILE=\(folder.authority)",
      "ETCD_CERT_FILE=\(folder.certificate)", "ETCD_KEY_FILE=\(folder.key)",
    ]
  }

  private func felix(_ folder: CredentialFolder, _ site: Site) -> [String] {
    [
      "[global]", "DatastoreType = etcdv3", "EtcdEndpoints = \(list)", "EtcdCaFile = \(folder.authority)",
      "EtcdCertFile = \(folder.certificate)", "EtcdKeyFile = \(folder.key)",
    ] + (site.node.map { ["FelixHostname = \($0)"] } ?? []) + felixRegion("OpenstackRegion = ")
  }

  private func felixRegion(_ key: String) -> [String] { region.map { ["\(key)\($0)"] } ?? [] }

  private func typha(_ folder: CredentialFolder) -> [String] {
    [
      "TYPHA_DATASTORETYPE=etcdv3", "TYPHA_ETCDENDPOINTS=\(list)", "TYPHA_ETCDCAFILE=\(folder.authority)",
      "TYPHA_ETCDCERTFILE=\(folder.certificate)", "TYPHA_ETCDKEYFILE=\(folder.key)",
    ]
  }

  private func flannel(_ folder: CredentialFolder) -> [String] {
    [
      "FLANNELD_ETCD_ENDPOINTS=\(list)", "FLANNELD_ETCD_CAFILE=\(folder.authority)",
      "FLANNELD_ETCD_CERTFILE=\(folder.certificate)", "FLANNELD_ETCD_KEYFILE=\(folder.key)",
    ]
  }

  private func calicoctl(_ folder: CredentialFolder) -> [String] {
    [
      "apiVersion: projectcalico.org/v3", "kind: CalicoAPIConfig", "metadata:", "spec:",
      "  datastoreType: etcdv3", "  etcdEndpoints: \"\(list)\"", "  etcdCACertFile: \"\(folder.authority)\"",
      "  etcdCertFile: \"\(folder.certificate)\"", "  etcdKeyFile: \"\(folder.key)\"",
    ]
  }

  /// The network configuration of the CNI plugin, which supports no user name and password and reads its
  /// files at each call.
  private func networkConfiguration(_ folder: CredentialFolder, _ site: Site) -> NodeFile {
    let node = site.node.map { "\n      \"nodename\": \"\($0)\"," } ?? ""
    let text = """
      {
        "name": "\(network)",
        "cniVersion": "0.3.1",
        "plugins": [
          {
            "type": "calico",
            "log_level": "info",
            "log_file_path": "/var/log/calico/cni/cni.log",\(node)
            "datastore_type": "etcdv3",
            "etcd_endpoints": "\(list)",
            "etcd_ca_cert_file": "\(folder.authority)",
            "etcd_cert_file": "\(folder.certificate)",
            "etcd_key_file": "\(folder.key)",
            "ipam": {"type": "calico-ipam"},
            "policy": {"type": "k8s"},
            "kubernetes": {"kubeconfig": "/etc/cni/net.d/calico-kubeconfig"}
          },
          {"type": "portmap", "snat": true, "capabilities": {"portMappings": true}},
          {"type": "bandwidth", "capabilities": {"bandwidth": true}}
        ]
      }

      """
    return NodeFile(
      path: "/etc/cni/net.d/10-calico.conflist", format: .network, bytes: Array(text.utf8), mode: 0o600)
  }

  /// The driver and the agent accept one member only. It is chosen from the site's name alone, so that hosts
  /// are spread over all members and each host keeps its member.
  private func neutron(_ folder: CredentialFolder, _ site: Site, user: String, password: String) -> [String] {
    let sum = site.name.utf8.reduce(0) { $0 &* 31 &+ Int($1) }
    let member = endpoints.isEmpty ? nil : endpoints[Int(sum.magnitude % UInt(endpoints.count))]
    return ["[calico]"]
      + (member.map { ["etcd_host = \($0.host)", "etcd_port = \($0.port)"] } ?? [])
      + [
        "etcd_username = \(user)", "etcd_password = \(password)", "etcd_ca_cert_file = \(folder.authority)",
        "etcd_cert_file = \(folder.certificate)", "etcd_key_file = \(folder.key)",
      ]
      + (region.map { ["openstack_region = \($0)"] } ?? [])
      // To compact etcd itself, the driver would need the role root.
      + (user.hasPrefix("neutron-driver") ? ["etcd_compaction_period_mins = 0"] : [])
  }
}
