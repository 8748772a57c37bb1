import AgentFile
import Catalogue
import Segmentation
import Text

/// The agent as a systemd service of a host: its configuration and its unit.
package struct AgentUnit: Sendable {
  /// The path of the program on the hosts.
  let program: String
  /// The section `source` of `agent.yaml`, without the key `source:`. It may name the ``variables`` of a site.
  let source: String
  let layout: HostLayout
  /// The folder into which Calico's CNI installer copies the credentials, which the agent then keeps up to
  /// date; nil without one.
  let cniCopy: String?
  /// The name of the CNI network for which the CNI plugin has access.
  let network: String

  package init(program: String, source: String, layout: HostLayout, cniCopy: String?, network: String) {
    self.network = network
    self.program = program
    self.source = source
    self.layout = layout
    self.cniCopy = cniCopy
  }

  private var base: String { layout.base }

  /// - Parameter authority: The authorities of etcd's server certificates, in PEM.
  package func files(for site: Site, authority: [UInt8]) -> [NodeFile] {
    [
      NodeFile(
        path: configurationPath(of: site), bytes: Array(configuration(for: site).utf8), mode: 0o644),
      NodeFile(path: "\(base)/etcd-ca.crt", bytes: authority, mode: 0o644),
      NodeFile(
        path: "/etc/systemd/system/\(Self.unit(of: site))", bytes: Array(unit(for: site).utf8), mode: 0o644),
    ]
  }

  /// The name of the unit: that of a node is the same on each node. Programs that run once have names of their own, so
  /// that a host can have a node and several of them.
  package static func unit(of site: Site) -> String { "bulkhead-agent\(suffix(of: site)).service" }

  private func configurationPath(of site: Site) -> String { "\(base)/agent\(Self.suffix(of: site)).yaml" }

  /// The variables that the source may name, with their values at a site: `NODE_NAME`, the node's name or that of a
  /// program that runs once, and `CREDENTIALS_DIRECTORY`, the folder with the files of the source. `agent.yaml` has
  /// their values, so that it needs no environment: `--check` reads it by hand.
  package static func variables(base: String, site: Site) -> [String: String] {
    let credentials = "\(base)/credentials"
    return [
      "NODE_NAME": site.node?.text ?? unitName(site),
      "CREDENTIALS_DIRECTORY": site.node == nil ? "\(credentials)/\(unitName(site))" : credentials,
    ]
  }

  private static func suffix(of site: Site) -> String { site.node == nil ? "-\(unitName(site))" : "" }

  /// The site's name without characters that mean something in the name of a unit.
  private static func unitName(_ site: Site) -> String { site.fileName.replacing("%", with: "_") }

  /// The content of `agent.yaml`.
  package func configuration(for site: Site) -> String {
    let certificates = site.residents.map { resident in
      let folder = layout.folder(of: resident)
      return AgentDelivery(
        identity: Self.literal(resident.identity.certificateName), directory: Self.literal(folder.path),
        keyMode: folder.reader.keyMode,
        owner: folder.reader.owner == "root" ? nil : folder.reader.owner,
        group: folder.reader.group == "root" ? nil : folder.reader.group,
        cniCopy: resident.folder == "cni-plugin" ? cniCopy.map(Self.literal) : nil,
        cniNetwork: resident.identity.component == "cni-plugin"
          ? AgentDelivery.CNINetwork(name: Self.literal(network)) : nil)
    }
    let file = AgentFile(
      source: Self.expanded(source, Self.variables(base: base, site: site)), certificates: certificates,
      etcdCA: Self.literal("\(base)/etcd-ca.crt"))
    return "# Written by 'bulkhead bundle'.\n\(file.text)\n"
  }

  /// A text of `agent.yaml` that the agent takes as it is: there `${NAME}` is a variable, and `$${` stands for `${`.
  private static func literal(_ text: String) -> String {
    text.replacing("${", with: "$${")
  }

  /// A text with the values of variables, where the agent would take them: `$${` stands for `${` there.
  static func expanded(_ text: String, _ values: [String: String]) -> String {
    var (result, rest) = ("", text[...])
    while let start = rest.firstRange(of: "${") {
      let before = rest[..<start.lowerBound]
      if before.last != "$", let end = rest[start.upperBound...].firstIndex(of: "}"),
        let value = values[String(rest[start.upperBound..<end])]
      {
        result += before + value
        rest = rest[rest.index(after: end)...]
      } else {
        result += rest[..<start.upperBound]
        rest = rest[start.upperBound...]
      }
    }
    return result + rest
  }

  /// The systemd unit. The service may write only where the credentials are, and keeps only the capabilities
  /// to change the owner and mode of files. It has no LoadCredential=, which stops the start where a join token was
  /// deleted after its use, and which systemd before 247 ignores.
  private func unit(for site: Site) -> String {
    // The parent folder, because the agent may have to create this one.
    let copy = site.residents.contains { $0.folder == "cni-plugin" } ? cniCopy : nil
    let above = copy.flatMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } }
    let paths = ([base] + (above.map { ["-\($0)"] } ?? [])).map { UnitWord.encode($0, isCommand: false) }
      .joined(separator: " ")
    let command = [program, "agent", "--config", configurationPath(of: site)]
      .map { UnitWord.encode($0, isCommand: true) }.joined(separator: " ")
    return """
      # Written by 'bulkhead bundle'.
      [Unit]
      Description=Bulkhead: keeps the certificates for etcd current
      Wants=network-online.target
      After=network-online.target

      [Service]
      Type=exec
      ExecStart=\(command)
      Restart=on-failure
      RestartSec=10
      ReadWritePaths=\(paths)
      ProtectSystem=strict
      ProtectHome=yes
      PrivateTmp=yes
      PrivateDevices=yes
      ProtectKernelTunables=yes
      ProtectKernelModules=yes
      ProtectKernelLogs=yes
      ProtectControlGroups=yes
      ProtectClock=yes
      ProtectHostname=yes
      NoNewPrivileges=yes
      CapabilityBoundingSet=CAP_CHOWN CAP_FOWNER CAP_DAC_OVERRIDE
      RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
      RestrictNamespaces=yes
      RestrictRealtime=yes
      RestrictSUIDSGID=yes
      LockPersonality=yes
      MemoryDenyWriteExecute=yes
      SystemCallArchitectures=native
      SystemCallFilter=@system-service
      UMask=0077

      [Install]
      WantedBy=multi-user.target

      """
  }
}
