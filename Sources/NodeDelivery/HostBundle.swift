import Segmentation

/// The files for every host, in the form that a deployment tool takes.
package struct HostBundle: Sendable {
  package enum Form: String, CaseIterable, Sendable {
    /// A folder per host with its files, private keys included.
    case directory
    /// An Ansible role that creates the keys on the hosts.
    case ansible
    /// The agent as a systemd service, which creates keys and gets certificates for them.
    case systemd
    /// The agent as a service, in user-data of cloud-init.
    case cloudInit = "cloud-init"

    /// Whether the bundle holds private keys.
    package var hasKeys: Bool { self == .directory }
    /// Whether the hosts run the agent.
    package var hasAgent: Bool { self == .systemd || self == .cloudInit }
  }

  package let form: Form
  let settings: CalicoSettings
  /// The components whose settings are written, by their names in ``CalicoSettings/components``.
  let settingsOf: Set<String>
  let layout: HostLayout
  let authority: [UInt8]
  let agent: AgentUnit?
  let ansible: AnsibleBundle?
  /// Where the identity `calico` is read; nil for a folder of its own for each program.
  let kubespray: KubesprayLayout?
  /// Additional files for each host.
  let more: [NodeFile]

  /// - Parameters:
  ///   - settingsOf: The components whose settings are written, by their names in
  ///     ``CalicoSettings/components``.
  ///   - layout: Where files are on the hosts, and who reads them.
  ///   - authority: The authorities of etcd's server certificates, in PEM.
  ///   - program: The path of Bulkhead: on the machine where Ansible runs, or on the hosts.
  ///   - file: The absolute path of the segmentation file.
  ///   - renewBefore: Renewal is due when less than this is left of a certificate's lifetime, in seconds.
  ///   - agent: For the forms with an agent.
  ///   - isKubespray: Whether the identity `calico` is read where kubespray has its certificates: see
  ///     ``KubesprayLayout``. The forms with an agent do not have that.
  ///   - more: Additional files for each host.
  package init(
    _ form: Form, settings: CalicoSettings, of settingsOf: Set<String>, layout: HostLayout,
    authority: [UInt8],
    program: String, file: String, renewBefore: Int, agent: AgentUnit?, isKubespray: Bool = false,
    more: [NodeFile] = []
  ) {
    self.form = form
    self.settings = settings
    self.settingsOf = settingsOf
    self.layout = layout
    self.authority = authority
    self.agent = agent
    self.more = more
    kubespray = isKubespray ? KubesprayLayout(base: layout.base) : nil
    ansible =
      form == .ansible
      ? AnsibleBundle(
        file: file, program: program, layout: layout, renewBefore: renewBefore, network: settings.network,
        isKubespray: isKubespray) : nil
  }

  /// The sites that get files in this form. The authority issues nothing to people over the network, so they get no
  /// agent.
  package func served(_ sites: [Site]) -> [Site] {
    form.hasAgent ? sites.filter { !$0.residents.allSatisfy(\.identity.isPerson) } : sites
  }

  /// The files that are the same for all hosts.
  package func files(for sites: [Site]) -> [BundleFile] {
    (ansible?.files(for: sites, authority: authority) ?? []) + [kubespray?.variables].compactMap(\.self)
  }

  /// The files of one host.
  /// - Parameters:
  ///   - material: Called for each identity if the form contains keys.
  ///   - password: Called for each user that logs in with a password and whose settings are written.
  /// - Throws: What `material` and `password` throw, or ``BundleRefusal`` if a further file has the path of another.
  package func files(
    for site: Site, material: (Site.Resident) throws -> CredentialMaterial,
    password: (String) throws -> String
  ) throws -> [BundleFile] {
    var files = more
    if form.hasKeys {
      for resident in site.residents {
        let material = try material(resident)
        if let kubespray, resident.program == Site.shared {
          files += kubespray.files(material)
        } else {
          files += layout.folder(of: resident).files(material)
        }
      }
    }
    if let agent { files += agent.files(for: site, authority: authority) }
    for resident in site.residents {
      guard let component = CalicoSettings.component(of: resident), settingsOf.contains(component)
      else { continue }
      let hasPassword = resident.identity.login == .password
      // Every user of the machine can read its user-data.
      if hasPassword, form == .cloudInit { continue }
      files += settings.files(
        of: resident, on: site, password: hasPassword ? try password(resident.identity.user) : nil)
    }
    var paths = Set(files.dropFirst(more.count).map(\.path))
    for resident in site.residents {
      let folder = layout.folder(of: resident)
      paths.formUnion([folder.authority, folder.certificate, folder.key])
    }
    if let file = more.first(where: { !paths.insert($0.path).inserted }) {
      throw BundleRefusal.samePath(file.path)
    }
    return bundled(files, site)
  }

  private func bundled(_ files: [NodeFile], _ site: Site) -> [BundleFile] {
    switch form {
    case .ansible: return ansible?.files(for: site, settings: files) ?? []
    case .cloudInit:
      let text = CloudConfig.text(files, base: layout.base, unit: AgentUnit.unit(of: site))
      return [BundleFile("\(site.fileName)/user-data", text)]
    case .directory, .systemd:
      let sums = Checksums.text(files.map { ($0.source, $0.bytes) })
      let list = files.map { file in
        "\(file.format.rawValue) \(file.octalMode) \(file.owner) \(file.group) \(file.path)\n"
      }
      let install = String(decoding: PackageResources.install, as: UTF8.self)
        .replacing("@BASE@", with: layout.base)
        .replacing("@NETWORK@", with: site.hasPlugin ? settings.network : "")
      return files.map { BundleFile("\(site.fileName)/\($0.source)", $0.bytes) }
        + [
          BundleFile("\(site.fileName)/\(Checksums.name)", sums),
          BundleFile("\(site.fileName)/FILES", list.joined()),
          BundleFile("\(site.fileName)/install", install, mode: 0o700),
          BundleFile("\(site.fileName)/put", PackageResources.put, mode: 0o700),
          BundleFile("\(site.fileName)/network", PackageResources.network, mode: 0o700),
        ]
    }
  }
}
