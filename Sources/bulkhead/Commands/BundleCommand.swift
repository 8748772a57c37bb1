import Arguments
import Catalogue
import Files
import FoundationEssentials
import NodeDelivery
import Reporting
import Segmentation
import StrictYAML

struct BundleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bundle",
    abstract: "Write what has to be on each host: credentials, Calico's settings, checksums.",
    discussion: """
      Each node gets a folder, and so does each program that runs once and each person. Only what differs from what is \
      there is written, in folders of mode 0700. What an earlier bundle wrote for a node that is gone is named, and \
      removed with --prune: only what SHA256SUMS of the folder lists, and only while it is as it was written.

        --as directory    the files as they are on the host, keys included; 'install' in each folder lays them out
        --as ansible      a playbook that makes the keys on the hosts, has them signed here and keeps them until they are due
        --as systemd      the agent as a service, with its configuration
        --as cloud-init   the same as user-data, without anything secret

      The last two need to know where the agent gets certificates: --source names a file with what stands under \
      'source:' in agent.yaml. What it reads from ${CREDENTIALS_DIRECTORY}/NAME, systemd loads from \
      /etc/bulkhead/credentials/NAME.

        kubectl get nodes -o json | bulkhead bundle --as ansible --to bundle --nodes -
      """)

  @Option(name: .customLong("as"), help: "What for: directory, ansible, systemd or cloud-init.") var form:
    HostBundle.Form
  @Option(help: "The folder to write to.") var to: String
  @Option(
    help: ArgumentHelp(
      "Whose settings to write: 'all', 'none', or components with commas between; CNI's are not needed where Calico's manifest installs the plugin.",
      valueName: "components"))
  var settings = "all"
  @Option(help: "The folder on the hosts that holds the credentials of all components.") var folder =
    "/etc/bulkhead"
  @Option(help: "What stands under 'source:' in the agent's configuration.") var source: String?
  @Option(help: "Where Bulkhead is on the hosts; for ansible, here.") var program: String?
  @Option(help: "A folder on the hosts from which the CNI plugin reads, which the agent keeps fresh.")
  var cniCopy: String?
  @Option(
    name: .customLong("add"),
    help: ArgumentHelp("Another file for each host; may be repeated.", valueName: "path=file"))
  var more: [String] = []
  @Flag(help: "Remove what an earlier bundle wrote and this one has not, such as a removed node's keys.")
  var prune = false
  @OptionGroup var fileOption: FileOption
  @OptionGroup var nodesOption: NodesOption
  @OptionGroup var outputOption: OutputOption

  func run() async throws {
    let workspace = try Workspace(fileOption, nodes: nodesOption)
    let sites = Site.all(
      of: workspace.segmentation, nodes: workspace.file.nodes, catalogue: workspace.catalogue)
    var names: Set<String> = []
    if let site = sites.first(where: { !names.insert($0.fileName).inserted }) {
      throw Complaint(
        "a node and a program are both called '\(site.name)'", hint: "give the user of the file another name")
    }
    let bundle = try self.bundle(workspace)
    let now = Date()
    var writer = try BundleWriter(to)
    for file in bundle.files(for: sites) { try writer.write(file) }
    for (index, site) in sites.enumerated() {
      let files = try bundle.files(
        for: site, material: { try workspace.material(of: $0, now: now) }, password: workspace.usedPassword)
      for file in files { try writer.write(file) }
      if index % 50 == 0 { Console.progress("\(index + 1) of \(sites.count) hosts") }
    }
    Console.clearProgress()
    let leftovers = try writer.finish(removing: prune)
    try Console.out(
      BundleReport(
        folder: to, form: form.rawValue, nodes: sites.count { $0.node != nil },
        others: sites.filter { $0.node == nil }.map(\.name), written: writer.written,
        unchanged: writer.unchanged, removed: writer.summary(of: leftovers.removed),
        left: writer.summary(of: leftovers.kept), changed: leftovers.changed),
      outputOption)
    note(sites)
    if !leftovers.kept.isEmpty {
      Console.note(
        "hint: --prune removes what is no longer part of it; a node's access ends with 'bulkhead apply'")
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
        "--settings knows no '\(unknown)', only \(CalicoSettings.components.joined(separator: ", "))")
    }
  }

  private func agent(_ program: String) throws -> AgentService? {
    guard form.hasAgent else {
      guard source == nil else { throw ValidationError("--source is for --as systemd and --as cloud-init") }
      return nil
    }
    guard let source else {
      throw ValidationError(
        "--as \(form.rawValue) needs --source: where the agent gets certificates, as under 'source:' in agent.yaml"
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
        "warning: \(withPassword.sorted().joined(separator: " and ")) have passwords, which user-data must not hold\nhint: bring their settings with --as ansible"
      )
    }
  }
}

extension HostBundle.Form: ExpressibleByArgument {}
