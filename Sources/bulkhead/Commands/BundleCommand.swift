import Arguments
import Catalogue
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
    abstract: "Write the files for each host: credentials, Calico's settings, checksums.",
    discussion: """
      Each node, each program that runs once and each calicoctl user gets a folder with mode 0700. Writes only files \
      that differ. Reports what an earlier bundle wrote for a node that was removed; --prune removes it: only files \
      that SHA256SUMS of the folder lists, and only if they are unchanged.

        --as directory    the files as on the host, keys included; 'install' in each folder installs them
        --as ansible      a playbook that creates the keys on the hosts, signs their requests here and renews certificates that are due
        --as systemd      the agent as a service, with its configuration
        --as cloud-init   the same as user-data, without secrets

      The last two need the source of the agent's certificates: --source names a file with the content of 'source:' in \
      agent.yaml. A file ${CREDENTIALS_DIRECTORY}/NAME in it is loaded by systemd from \
      /etc/bulkhead/credentials/NAME.

        kubectl get nodes -o json | bulkhead bundle --as ansible --to bundle --nodes -
      """)

  @Option(name: .customLong("as"), help: "The form: directory, ansible, systemd or cloud-init.") var form:
    HostBundle.Form
  @Option(help: "The folder to write to.") var to: String
  @Option(
    help: ArgumentHelp(
      "Whose settings to write: 'all', 'none', or components separated by commas; CNI's are not needed if Calico's manifest installs the plugin.",
      valueName: "components"))
  var settings = "all"
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
      of: workspace.segmentation, nodes: workspace.file.nodes, catalogue: workspace.catalogue)
    let bundle = try BundleRun(self.bundle(workspace), for: sites)
    let now = Date()
    let outcome = try bundle.write(
      to: to, prune: prune, material: { try workspace.material(of: $0, now: now) },
      password: workspace.usedPassword,
      progress: { if $0 % 50 == 1 { Console.progress("\($0) of \(sites.count) hosts") } })
    Console.clearProgress()
    try Console.out(
      BundleReport(
        folder: to, form: form.rawValue, nodes: sites.count { $0.node != nil },
        others: sites.filter { $0.node == nil }.map(\.name), written: outcome.written,
        unchanged: outcome.unchanged, removed: outcome.removed, left: outcome.left, changed: outcome.changed),
      outputOption)
    note(sites)
    if !outcome.left.isEmpty {
      Console.note(
        "hint: --prune removes files that are no longer part of it; 'bulkhead apply' ends a node's access")
    }
  }

  private func bundle(_ workspace: Workspace) throws -> HostBundle {
    guard folder.hasPrefix("/"), !folder.hasSuffix("/"),
      folder.allSatisfy({ "/._-".contains($0) || ($0.isASCII && ($0.isLetter || $0.isNumber)) })
    else {
      throw ValidationError("--folder takes an absolute path of letters, digits, '/', '.', '_' and '-'")
    }
    let here = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let program =
      self.program ?? (form == .ansible ? here : nil) ?? "/usr/local/bin/bulkhead"
    let authority = try FileContents.read(workspace.path(workspace.file.etcd.ca))
    return HostBundle(
      form,
      settings: CalicoSettings(
        endpoints: workspace.file.etcd.endpoints, base: folder, region: workspace.file.calico.region,
        network: workspace.file.calico.network ?? Installation.defaultNetwork),
      of: try settingsOf(), base: folder, authority: authority, program: program,
      file: URL(fileURLWithPath: fileOption.file).path,
      renewBefore: workspace.file.certificates.lifetime.seconds / 3,
      agent: try agent(program), more: try added())
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

  private func agent(_ program: String) throws -> AgentService? {
    guard form.hasAgent else {
      guard source == nil else { throw ValidationError("--source is for --as systemd and --as cloud-init") }
      return nil
    }
    guard let source else {
      throw ValidationError(
        "--as \(form.rawValue) needs --source: a file with the content of 'source:' in agent.yaml"
      )
    }
    return AgentService(
      program: program, source: try FileContents.readText(source), base: folder, cniCopy: cniCopy)
  }

  private func added() throws -> [NodeFile] {
    try more.map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, parts[0].hasPrefix("/") else {
        throw ValidationError("--add takes PATH=FILE with an absolute path, found '\(pair)'")
      }
      return NodeFile(path: parts[0], bytes: try FileContents.read(parts[1]), mode: 0o644)
    }
  }

  private func note(_ sites: [Site]) {
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
