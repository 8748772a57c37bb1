import Arguments
import Catalogue
import Certificates
import Files
import FoundationEssentials
import NodeDelivery
import Reporting
import Segmentation
import StrictYAML
import Terminal

struct BundleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bundle",
    abstract: "Write the files for each host: credentials, checksums, and on request Calico's settings.",
    discussion: """
      Each node, each program that runs once and each calicoctl user gets a folder with mode 0700. Writes only files \
      that differ. Reports what an earlier bundle wrote for a node that was removed; --prune removes it: only files \
      that SHA256SUMS of the folder lists, and only if they are unchanged.

        --as directory    the files as on the host, keys included; 'install' in each folder installs them
        --as ansible      a playbook that creates the keys on the hosts, signs their requests here and renews certificates that are due
        --as systemd      the agent as a service, with its configuration
        --as cloud-init   the same as user-data, without secrets

      The last two need the source of the agent's certificates: --source names a file with the content of 'source:' in \
      agent.yaml. ${CREDENTIALS_DIRECTORY} in it is /etc/bulkhead/credentials on a node, and a folder below it for a \
      program that runs once; ${NODE_NAME} is the name of the node or of that program. People get no agent.

      With --layout kubespray the identity 'calico' is put where the pods of kubespray read their credential \
      (/etc/calico/certs): see Documentation/kubespray.md.

      --settings also delivers the settings with which programs reach etcd. On a host, only the keys for etcd change in a \
      file that exists, and a copy of it stays beside it. A file that would have to be replaced is refused.

        kubectl get nodes -o json | bulkhead bundle --as ansible --to bundle --nodes -
      """)

  @Option(name: .customLong("as"), help: "The form: directory, ansible, systemd or cloud-init.") var form:
    HostBundle.Form
  @Option(help: "The folder to write to.") var to: String
  @Option(
    help: ArgumentHelp(
      "Whose settings to deliver: 'none', 'all', or components separated by commas; CNI's are not needed if Calico's manifest installs the plugin.",
      valueName: "components"))
  var settings = "none"
  @Option(
    name: .customLong("owner"),
    help: ArgumentHelp(
      "The account on the hosts that reads an identity's key; may be repeated.",
      valueName: "identity=user[:group]"))
  var owners: [String] = []
  enum Layout: String, ExpressibleByArgument, CaseIterable { case usual, kubespray }

  @Option(
    help: ArgumentHelp(
      "Where the identity 'calico' is on the hosts: in the folders of its programs, or where kubespray has its certificates.",
      valueName: "usual|kubespray"))
  var layout = Layout.usual
  @Option(help: "The folder on the hosts for the credentials of all components.") var folder =
    "/etc/bulkhead"
  @Option(help: "A file with the content of 'source:' in the agent's configuration.") var source: String?
  @Option(help: "The path of Bulkhead on the hosts; for ansible, on this machine.") var program: String?
  @Option(help: "A folder on the hosts from which the CNI plugin reads; the agent keeps it current.")
  var cniCopy: String?
  @Option(
    name: .customLong("add"),
    help: ArgumentHelp("A further file for each host; may be repeated.", valueName: "path=file"))
  var more: [String] = []
  @Flag(help: "Remove files of an earlier bundle that this one does not have, such as a removed node's keys.")
  var prune = false
  @OptionGroup var fileOption: FileOption
  @OptionGroup var nodesOption: NodesOption
  @OptionGroup var outputOption: OutputOption

  func run() async throws {
    let workspace = try Workspace(fileOption, nodes: nodesOption)
    let sites = Site.all(
      of: workspace.segmentation, nodes: workspace.file.nodes, catalogue: workspace.catalogue,
      sharesFolder: layout == .kubespray)
    try checkLayout(workspace)
    let bundle = try BundleRun(self.bundle(workspace), for: sites)
    let check = form.hasKeys ? try DeliveryCheck(workspace, nodes: nodesOption.nodes) : nil
    let outcome = try bundle.write(
      to: to, prune: prune, material: { try workspace.material(of: $0, check ?? DeliveryCheck(workspace)) },
      password: workspace.usedPassword,
      progress: { if $0 % 50 == 1 { Console.progress("\($0) of \(sites.count) hosts") } })
    Console.clearProgress()
    try Console.out(
      BundleReport(
        folder: to, form: form.rawValue, nodes: bundle.sites.count { $0.node != nil },
        others: bundle.sites.filter { $0.node == nil }.map(\.name), written: outcome.written,
        unchanged: outcome.unchanged, removed: outcome.removed, left: outcome.left, changed: outcome.changed),
      outputOption)
    note(workspace, sites, bundle)
    if !outcome.left.isEmpty {
      Console.note(
        "hint: --prune removes files that are no longer part of it; 'bulkhead apply' ends a node's access")
    }
  }

  private func checkLayout(_ workspace: Workspace) throws {
    guard layout == .kubespray else { return }
    if form.hasAgent {
      throw ValidationError("--layout kubespray is for --as directory and --as ansible")
    }
    guard workspace.segmentation.identities.contains(where: { $0.component == Site.shared }) else {
      throw CommandError(
        "all programs of Calico that kubespray runs on a host read one credential, and the file has no component 'calico'",
        hint:
          "write 'components: [calico]', or use 'bulkhead manifest --via host' (Documentation/kubespray.md)")
    }
    guard !workspace.file.nodes.isEmpty else {
      throw CommandError(
        "the file names no nodes, so no host gets files of --layout kubespray",
        hint: "kubectl get nodes -o json | bulkhead bundle … --nodes -")
    }
    guard KubesprayLayout.serves(workspace.file.calico.release) else {
      throw CommandError(
        "kube-controllers of Calico v3.33 and later runs as 10001:10001 and cannot read kubespray's folder",
        hint: "use 'bulkhead manifest --via host', with which it has a Secret (Documentation/kubespray.md)")
    }
  }

  private func bundle(_ workspace: Workspace) throws -> HostBundle {
    guard folder.hasPrefix("/"), !folder.hasSuffix("/"),
      folder.allSatisfy({ "/._-".contains($0) || ($0.isASCII && ($0.isLetter || $0.isNumber)) })
    else {
      throw ValidationError("--folder takes an absolute path of letters, digits, '/', '.', '_' and '-'")
    }
    let here = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    // Where the package bulkhead-agent has it.
    let program =
      self.program ?? (form == .ansible ? here ?? "/usr/bin/bulkhead" : "/usr/bin/bulkhead-agent")
    let authority = try FileContents.read(workspace.path(workspace.file.etcd.ca))
    let layout = HostLayout(base: folder, readers: try readers(workspace))
    let network = workspace.file.calico.network ?? Installation.defaultNetwork
    return HostBundle(
      form,
      settings: CalicoSettings(
        endpoints: workspace.file.etcd.endpoints, layout: layout, region: workspace.file.calico.region,
        network: network),
      of: try settingsOf(), layout: layout, authority: authority, program: program,
      file: URL(fileURLWithPath: fileOption.file).path,
      renewBefore: workspace.file.certificates.lifetime.seconds / 3,
      agent: try agent(program, layout, network), isKubespray: self.layout == .kubespray,
      more: try added())
  }

  private func readers(_ workspace: Workspace) throws -> CredentialReader.Rules {
    var named: [String: String] = [:]
    for entry in owners {
      // A name of an account has no '=', that of an identity may.
      guard let split = entry.lastIndex(of: "="), split != entry.startIndex,
        entry[entry.index(after: split)...].wholeMatch(
          of: /[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?/)
          != nil
      else { throw ValidationError("--owner takes IDENTITY=USER or IDENTITY=USER:GROUP, found '\(entry)'") }
      let user = try workspace.identity(String(entry[..<split])).user
      guard named.updateValue(String(entry[entry.index(after: split)...]), forKey: user) == nil else {
        throw ValidationError("--owner is given twice for '\(user)'")
      }
    }
    return CredentialReader.Rules(release: workspace.file.calico.release, named: named)
  }

  private func settingsOf() throws -> Set<String> {
    switch settings {
    case "all": return Set(CalicoSettings.components)
    case "none": return []
    default:
      let names = settings.split(separator: ",").map(String.init)
      guard let unknown = names.first(where: { !CalicoSettings.components.contains($0) }) else {
        return Set(names)
      }
      throw ValidationError(
        "--settings does not know '\(unknown)', only \(CalicoSettings.components.joined(separator: ", "))")
    }
  }

  private func agent(_ program: String, _ layout: HostLayout, _ network: String) throws -> AgentUnit? {
    guard form.hasAgent else {
      guard cniCopy == nil else {
        throw ValidationError(
          "--cni-copy is for --as systemd and --as cloud-init: an agent keeps the copy current")
      }
      guard source == nil else { throw ValidationError("--source is for --as systemd and --as cloud-init") }
      return nil
    }
    guard let source else {
      throw ValidationError(
        "--as \(form.rawValue) needs --source: a file with the content of 'source:' in agent.yaml"
      )
    }
    return AgentUnit(
      program: program, source: try agentSource(source).text, layout: layout, cniCopy: cniCopy,
      network: network)
  }

  private func agentSource(_ path: String) throws -> AgentSourceFile {
    // The variables for which the bundle writes the values of each site.
    try AgentSourceFile(
      path, folder: folder,
      environment: ["CREDENTIALS_DIRECTORY": "\(folder)/credentials", "NODE_NAME": "node"])
  }

  private func added() throws -> [NodeFile] {
    var paths: Set<String> = []
    return try more.map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, parts[0].hasPrefix("/"),
        parts[0].dropFirst().split(separator: "/", omittingEmptySubsequences: false).allSatisfy({
          !["", ".", ".."].contains($0)
        })
      else {
        throw ValidationError("--add takes PATH=FILE with an absolute path without '..', found '\(pair)'")
      }
      guard paths.insert(parts[0]).inserted else {
        throw ValidationError("--add is given twice for \(parts[0])")
      }
      let bytes = try FileContents.read(parts[1])
      let secret = Self.secret(in: bytes)
      if let secret, form == .cloudInit {
        throw CommandError(
          "\(parts[1]) holds \(secret), and each user of a machine can read its user-data",
          hint: "put it on the hosts in another way, or use --as systemd")
      }
      return NodeFile(path: parts[0], bytes: bytes, mode: secret == nil ? 0o644 : 0o600)
    }
  }

  /// What a file holds that only root may read; nil for none.
  private static func secret(in bytes: [UInt8]) -> String? {
    let text = String(decoding: bytes, as: UTF8.self)
    if text.contains("PRIVATE KEY") { return "a private key" }
    return text.contains(JoinToken.prefix) ? "a join token" : nil
  }

  private func note(_ workspace: Workspace, _ sites: [Site], _ bundle: BundleRun) {
    let people = sites.filter { !bundle.sites.contains($0) }.map(\.name)
    if !people.isEmpty {
      Console.note(
        "hint: the authority issues nothing to people over the network, so there is no agent for "
          + "\(people.joined(separator: ", ")): use --as directory or --as ansible")
    }
    let unreadable = bundle.unreadable
    if !unreadable.isEmpty {
      Console.note(
        "warning: only root can read the keys of \(unreadable.joined(separator: ", ")): these names are not accounts\n"
          + "hint: --owner IDENTITY=USER names the account on the host")
    }
    if sites.allSatisfy({ $0.node == nil }) {
      Console.note("hint: the file names no nodes; --nodes takes a list of them")
    }
    let withPassword = Set(sites.flatMap(\.residents).filter { $0.identity.login == .password }.map(\.folder))
    if form == .cloudInit, !withPassword.isEmpty {
      Console.note(
        "warning: \(withPassword.sorted().joined(separator: " and ")) have passwords, which user-data must not contain\nhint: deliver their settings with --as ansible"
      )
    }
  }
}

extension HostBundle.Form: ExpressibleByArgument {}
