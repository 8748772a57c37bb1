import Catalogue
import Names
import Segmentation
import YAML

/// An Ansible inventory, playbook and role. The role creates the keys on the hosts, has their requests signed
/// on the machine with the authority, installs the certificates, and replaces a certificate only when its
/// renewal is due.
struct AnsibleBundle {
  /// The absolute paths of the segmentation file and of Bulkhead, on the machine where Ansible runs.
  let file: String
  let program: String
  let layout: HostLayout
  /// Renewal is due when less than this is left of a certificate's lifetime, in seconds.
  let renewBefore: Int
  /// The name of the CNI network for which the CNI plugin has access.
  let network: String
  let isKubespray: Bool

  /// The files that are the same for all hosts.
  func files(for sites: [Site], authority: [UInt8]) -> [BundleFile] {
    let role = "roles/bulkhead"
    return [
      BundleFile("site.yml", PackageResources.site_yml),
      BundleFile("\(role)/defaults/main.yml", PackageResources.defaults_yml),
      BundleFile("\(role)/tasks/main.yml", PackageResources.tasks_yml),
      BundleFile("\(role)/tasks/credential.yml", PackageResources.credential_yml),
      BundleFile("\(role)/handlers/main.yml", PackageResources.handlers_yml),
      BundleFile("\(role)/files/credential", PackageResources.credential, mode: 0o700),
      BundleFile("\(role)/files/put", PackageResources.put, mode: 0o700),
      BundleFile("\(role)/files/network", PackageResources.network, mode: 0o700),
      BundleFile("\(role)/files/etcd-ca.crt", authority),
      BundleFile("group_vars/all.yml", variables),
      BundleFile("inventory.yml", inventory(sites)),
    ]
  }

  /// The files of one host.
  func files(for site: Site, settings: [NodeFile]) -> [BundleFile] {
    let name = site.fileName
    let credentials = site.residents.map { resident in
      let folder = layout.folder(of: resident)
      let sign = Self.signing(resident).joined(separator: ", ")
      let name = CertificateName(resident.identity.certificateName)
      return """
          - identity: \(Self.quoted(name.text))
            attribute: \(name.isTransport ? "OU" : "CN")
            folder: \(Self.quoted(folder.path))
            key_mode: "0\(String(folder.reader.keyMode, radix: 8))"
            owner: \(Self.quoted(folder.reader.owner))
            group: \(Self.quoted(folder.reader.group))
            sign: [\(sign)]

        """
    }
    let links = site.residents.filter { isKubespray && $0.program == Site.shared }.flatMap { resident in
      KubesprayLayout.names.map { name, own in
        """
          - path: \(Self.quoted("\(KubesprayLayout.folder)/\(name)"))
            from: \(Self.quoted("\(layout.folder(of: resident).path)/\(own)"))
            mode: "0\(String(KubesprayLayout.mode, radix: 8))"

        """
      }
    }
    let copies = settings.map { file in
      """
        - path: \(Self.quoted(file.path))
          source: \(Self.quoted(file.source))
          format: \(file.format.rawValue)
          secret: \(file.mode & 0o004 == 0)
          mode: "\(file.octalMode)"
          owner: \(Self.quoted(file.owner))
          group: \(Self.quoted(file.group))

      """
    }
    let text = """
      # Written by 'bulkhead bundle'.
      bulkhead_files: "{{ inventory_dir }}/files/\(name)"
      bulkhead_network: \(Self.quoted(site.hasPlugin ? network : ""))
      bulkhead_links:\(links.isEmpty ? " []" : "\n")\(links.joined())
      bulkhead_credentials:
      \(credentials.joined())bulkhead_settings:\(copies.isEmpty ? " []" : "")
      \(copies.joined())
      """
    return [BundleFile("host_vars/\(name).yml", text)]
      + settings.map { BundleFile("files/\(name)/\($0.source)", $0.bytes) }
  }

  /// The options of `certs sign` that depend on the identity, beside its name.
  private static func signing(_ resident: Site.Resident) -> [String] {
    var options = resident.certificateNode.map { ["--node", quoted($0.text)] } ?? []
    if case .calicoctl = resident.identity.purpose { options.append("--person") }
    if resident.identity.isRoot { options.append("--root") }
    return options
  }

  private var variables: String {
    """
    # Written by 'bulkhead bundle'.
    bulkhead_program: \(Self.quoted(program))
    bulkhead_file: \(Self.quoted(file))
    bulkhead_base: \(Self.quoted(layout.base))
    bulkhead_renew_before: "\(renewBefore)"

    """
  }

  private func inventory(_ sites: [Site]) -> String {
    func hosts(_ sites: [Site]) -> String {
      sites.isEmpty
        ? " {}\n" : "\n" + sites.map { "        \"\($0.fileName)\": {}\n" }.joined()
    }
    return """
      # Written by 'bulkhead bundle'.
      all:
        children:
          bulkhead_nodes:
            hosts:\(hosts(sites.filter { $0.node != nil }))\
          # Programs that run once, and people: say for each on which host, as in `ansible_host: 10.0.0.5`, in an
          # inventory of your own beside this one.
          bulkhead_programs:
            hosts:\(hosts(sites.filter { $0.node == nil }))
      """
  }

  /// A text in double quotes of YAML, tagged so that Ansible expands no templates in it.
  static func quoted(_ text: String) -> String {
    "!unsafe \(text.asDoubleQuotedYAML)"
  }
}
