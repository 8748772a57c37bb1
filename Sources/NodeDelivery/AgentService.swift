import AgentFile
import Segmentation
import Text

/// The agent as a systemd service of a host: its configuration and its unit.
package struct AgentService: Sendable {
  /// The path of the program on the hosts.
  let program: String
  /// The section `source` of `agent.yaml`, without the key `source:`.
  let source: String
  /// The folder that contains the credential folders of all components.
  let base: String
  /// The folder into which Calico's CNI installer copies the credentials, which the agent then keeps up to
  /// date; nil if there is none.
  let cniCopy: String?

  package init(program: String, source: String, base: String, cniCopy: String?) {
    self.program = program
    self.source = source
    self.base = base
    self.cniCopy = cniCopy
  }

  /// - Parameter authority: The authorities of etcd's server certificates, in PEM.
  package func files(for site: Site, authority: [UInt8]) -> [NodeFile] {
    [
      NodeFile(path: "\(base)/agent.yaml", bytes: Array(configuration(for: site).utf8), mode: 0o644),
      NodeFile(path: "\(base)/etcd-ca.crt", bytes: authority, mode: 0o644),
      NodeFile(
        path: "/etc/systemd/system/\(Self.unit)", bytes: Array(unit(for: site).utf8), mode: 0o644),
    ]
  }

  package static let unit = "bulkhead-agent.service"

  /// The content of `agent.yaml`.
  package func configuration(for site: Site) -> String {
    let certificates = site.residents.map { resident in
      let folder = CredentialFolder(of: resident, in: base)
      return AgentDelivery(
        identity: Self.literal(resident.identity.certificateName), directory: Self.literal(folder.path),
        keyMode: folder.keyMode,
        group: folder.group == "root" ? nil : folder.group,
        cniCopy: resident.folder == "cni-plugin" ? cniCopy.map(Self.literal) : nil)
    }
    let file = AgentFile(
      source: source, certificates: certificates, etcdCA: Self.literal("\(base)/etcd-ca.crt"))
    return "# Written by 'bulkhead bundle'.\n\(file.text)\n"
  }

  /// A text of `agent.yaml` that the agent takes as it is: there `${NAME}` is a variable, and `$${` stands for `${`.
  private static func literal(_ text: String) -> String {
    text.replacing("${", with: "$${")
  }

  /// The names of the credentials that the source reads from systemd: `${CREDENTIALS_DIRECTORY}/NAME`.
  private var credentials: [String] {
    var names: [String] = []
    for match in source.matches(of: /\$\{CREDENTIALS_DIRECTORY\}\/([A-Za-z0-9._-]+)/)
    where !names.contains(String(match.1)) {
      names.append(String(match.1))
    }
    return names
  }

  /// The systemd unit. The service may write only where the credentials are, and keeps only the capabilities
  /// to change the owner and mode of files.
  private func unit(for site: Site) -> String {
    let loaded = credentials.map {
      "LoadCredential=\(UnitWord.encode("\($0):\(base)/credentials/\($0)", isCommand: false))\n"
    }.joined()
    // The parent folder, because the agent may have to create this one.
    let copy = site.residents.contains { $0.folder == "cni-plugin" } ? cniCopy : nil
    let above = copy.flatMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } }
    let paths = ([base] + (above.map { ["-\($0)"] } ?? [])).map { UnitWord.encode($0, isCommand: false) }
      .joined(separator: " ")
    let command = [program, "agent", "--config", "\(base)/agent.yaml"]
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
      \(loaded)ReadWritePaths=\(paths)
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
