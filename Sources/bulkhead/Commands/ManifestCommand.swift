import Agent
import Arguments
import Catalogue
import Files
import FoundationEssentials
import Glibc
import Manifests
import Reporting
import Segmentation
import Terminal

struct ManifestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manifest",
    abstract: "Give each component in a hosted Calico manifest its own Secret.",
    discussion: """
      Reads a file or standard input, and writes to standard output, or with --to to a file. Changes only the lines \
      that concern the certificates; all others stay byte for byte. Refuses a layout that it cannot edit safely, and \
      writes nothing then.

      Where the Secrets are written:
        --secrets inline   into the manifest (the default); private keys are never printed on a terminal
        --secrets FILE     into a separate file, mode 0600
        --secrets none     nowhere: they exist already, or another program creates them. Needs no bulkhead.yaml

      Their names:
        --secret-names hashed  name and hash, immutable: a renewed credential restarts the workloads (the default)
        --secret-names fixed   the name only, and the hashes in an annotation of the pod templates
      With --secrets none the default is fixed.

      Other forms of the result:
        --kustomize DIR    a kustomization that makes the same changes, for kubectl apply -k DIR
        --krm              a function of the Kubernetes Resource Model: a ResourceList in and out
        --runbook          how to roll this manifest out, step by step, and how to go back

        bulkhead manifest calico-etcd.yaml --secrets none --diff
        bulkhead manifest calico-etcd.yaml | kubectl apply --server-side -f -
      """)

  enum SecretNames: String, ExpressibleByArgument, CaseIterable { case hashed, fixed }
  enum Delivery: String, ExpressibleByArgument, CaseIterable { case secret, host, agent }

  @Argument(help: "The manifest; '-' is standard input.") var manifest = "-"
  @Option(
    help: ArgumentHelp(
      "Where the Secrets are written: inline, none or a file; '-' is standard output, beside --to FILE.",
      valueName: "inline|none|FILE"))
  var secrets: String?
  @Option(help: ArgumentHelp("How Secrets are named: hashed or fixed.", valueName: "hashed|fixed"))
  var secretNames: SecretNames?
  @Option(
    help:
      "How pods get credentials: from a Secret, from a folder on each host, or from an agent in each pod."
  )
  var via = Delivery.secret
  @Option(
    help: ArgumentHelp(
      "With --via host and --via agent: the folder on each host with one folder for each component (default: /etc/bulkhead, and /var/lib/bulkhead for the agent).",
      valueName: "folder"))
  var hostFolder: String?
  @Option(help: "With --via agent: an image with the program 'bulkhead'.") var agentImage: String?
  @Option(
    help: ArgumentHelp(
      "With --via agent: a file with the content of 'source:' in agent.yaml, or with the keys source, lifetime, renewal and listen.",
      valueName: "file"))
  var agentSource: String?
  @Option(
    name: .customLong("agent-file"),
    help: ArgumentHelp(
      "With --via agent: a further file at /etc/bulkhead-agent/NAME in the agent's container, such as an authority; may be repeated.",
      valueName: "name=file"))
  var agentFiles: [String] = []
  @Option(
    help: ArgumentHelp(
      "With --via agent: an existing Secret, whose keys are files in /etc/bulkhead-agent-secret.",
      valueName: "name"))
  var agentSecret: String?
  @Flag(
    help:
      "With --via agent: keep credentials in memory only; a node that restarts while the source is unreachable then has no network."
  )
  var agentMemory = false
  @Option(help: "The file to write; mode 0600 if it contains private keys; '-' is standard output.")
  var to: String?
  @Option(
    name: .customLong("component"),
    help: "What an unknown container is, as CONTAINER=COMPONENT; may be repeated.")
  var components: [String] = []
  @Flag(help: "Show what would change as a unified diff, without the Secrets' contents; write nothing.")
  var diff = false
  @Flag(help: "Write nothing; exit with 2 if the manifest would change.") var check = false
  @Flag(help: "Print how to roll this manifest out; write nothing.") var runbook = false
  @Flag(help: "Take a ResourceList from standard input and write one; Secrets only with --secrets inline.")
  var krm = false
  @Option(help: "The folder for a kustomization and an unchanged copy of the manifest.")
  var kustomize: String?
  @OptionGroup var fileOption: FileOption

  func validate() throws {
    let forms = [krm, kustomize != nil, to != nil, diff || check || runbook].count { $0 }
    if forms > 1 {
      throw ValidationError("--krm, --kustomize, --to and --diff, --check or --runbook exclude each other")
    }
    if (via == .agent) != (agentImage != nil && agentSource != nil) {
      throw ValidationError("--via agent needs --agent-image and --agent-source, which are for it only")
    }
    if via != .agent, !agentFiles.isEmpty || agentSecret != nil || agentMemory {
      throw ValidationError("--agent-file, --agent-secret and --agent-memory are for --via agent only")
    }
    if hostFolder != nil, via == .secret || agentMemory {
      throw ValidationError(
        "--host-folder has no effect with \(agentMemory ? "--agent-memory" : "--via secret")")
    }
    if secrets == "-" {
      throw ValidationError("--secrets takes inline, none or a file: standard output has the manifest")
    }
    if krm, placement == .separate { throw ValidationError("--krm takes --secrets inline or none") }
    if kustomize == "-" { throw ValidationError("--kustomize takes a folder") }
    if manifest == "-", fileOption.file == "-" {
      throw ValidationError("the manifest and --file both read standard input: name a file for one of them")
    }
    if kustomize != nil, secrets == "inline" {
      throw ValidationError("--kustomize takes --secrets none or FILE")
    }
  }

  func run() async throws {
    try checkOutputs()
    let segmenter = ManifestSegmenter(options: try options())
    let text = try read()
    if krm { return try ResourceListForm(segmenter: segmenter).run(text) }
    let name = StandardInput.name(manifest)
    let segmented = try segmenter.segment(text, file: name)
    for warning in segmented.warnings {
      Console.note("\(Console.errorStyle.caution("warning:")) \(warning)\nhint: \(warning.hint)")
    }
    if diff { Console.write(segmented.diff(), to: STDOUT_FILENO) }
    if runbook { Console.write(segmented.runbook(of: manifest, file: fileOption.file), to: STDOUT_FILENO) }
    if let kustomize {
      try KustomizeForm(folder: kustomize, manifest: manifest, secrets: secrets).write(segmented, of: text)
    } else if writes {
      try write(segmented)
    }
    Console.note(
      segmented.isAlreadySegmented
        ? "\(name): already segmented, nothing to do"
        : "\(name): \(segmented.changedLines) lines changed, \(segmented.addedLines) added, without the Secrets"
    )
    if check, !segmented.isAlreadySegmented { throw ExitCode(2) }
  }

  /// Whether to write a manifest; false for the options that only show something.
  private var writes: Bool { !diff && !check && !runbook }

  private var placement: ManifestOptions.SecretPlacement {
    switch secrets {
    case "none": .none
    case "inline": .inline
    case .some: .separate
    case nil: krm ? .none : kustomize == nil ? .inline : .separate
    }
  }

  private func read() throws -> String {
    guard manifest == "-" else { return try FileContents.readText(manifest, limit: 64 << 20) }
    try StandardInput.claim(for: "the manifest")
    let bytes = try FileContents.readStandardInput(limit: 1 << 30)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CommandError("standard input is not UTF-8 text", hint: "give it a Kubernetes manifest in YAML")
    }
    return text
  }

  private func options() throws -> ManifestOptions {
    var options = ManifestOptions(secretNames: secretNames == .fixed ? .fixed : .hashed)
    for entry in components {
      let parts = entry.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else {
        throw ValidationError("--component takes CONTAINER=COMPONENT, found '\(entry)'")
      }
      options.components[String(parts[0])] = String(parts[1])
    }
    // Once: the file may be standard input.
    let isPresent = fileOption.file == "-" || FileManager.default.fileExists(atPath: fileOption.file)
    let present = try isPresent ? Workspace(fileOption) : nil
    switch via {
    case .secret: break
    case .host: options.delivery = .host(folder: hostFolder ?? "/etc/bulkhead")
    case .agent: options.delivery = .agent(try agent(present ?? Workspace(fileOption)))
    }
    options.network = present.map { $0.file.calico.network ?? Installation.defaultNetwork }
    try present?.checkIdentities(mapped: options.components.values)
    guard needsCredentials(isPresent: isPresent) else { return options }
    options.secrets = try (present ?? Workspace(fileOption)).componentSecrets(
      onHosts: via != .secret, mapped: options.components.values)
    if writes { options.placement = placement }
    return options
  }

  private func agent(_ workspace: Workspace) throws -> AgentPlacement {
    let pod = try PodAgent(source: agentSource ?? "", files: agentFiles, secret: agentSecret)
    let renamed = workspace.file.nodesByKubernetesName.count
    if renamed > 0, case .vault = pod.source.configuration.source {
      Console.note(
        "\(Console.errorStyle.caution("warning:")) Vault knows a pod's node by its name in Kubernetes, and \(renamed) "
          + "nodes have another one in Calico, by which the agent asks\n"
          + "hint: let Vault's roles for these nodes allow their names in Calico, or use 'bulkhead authority serve', which "
          + "reads both names in bulkhead.yaml")
    }
    return AgentPlacement(
      image: agentImage ?? "", source: pod.source.text, identities: workspace.agentIdentities,
      etcdCA: try FileContents.readText(workspace.path(workspace.file.etcd.ca)), files: pod.files,
      secret: agentSecret, folder: agentMemory ? nil : hostFolder ?? AgentPlacement.usualFolder,
      needsDefaultToken: pod.needsDefaultToken, sourceHosts: pod.source.configuration.sourceHosts,
      nodeNames: workspace.file.nodesByKubernetesName.mapValues(\.text))
  }

  /// Options that only show something need no credentials if there is no segmentation file: the references
  /// suffice.
  private func needsCredentials(isPresent: Bool) -> Bool {
    if secretNames != nil { return true }
    if placement == .none { return false }
    return writes || isPresent
  }

  /// The file of the Secrets; nil if they are in the manifest, in a kustomization or not written.
  private var secretsFile: String? { placement == .separate && kustomize == nil ? secrets : nil }

  /// Refuses files to write that the command reads, and those that hold something else.
  private func checkOutputs() throws {
    guard writes else { return }
    if let secretsFile, let to, ManifestOutputs.areSame(secretsFile, to) {
      throw CommandError(
        "--secrets and --to name one file, \(to)", hint: "name two files, or use --secrets inline")
    }
    for path in [to, secretsFile].compactMap(\.self) {
      for source in [fileOption.file, agentSource].compactMap(\.self)
      where ManifestOutputs.areSame(path, source) {
        throw CommandError("\(path) would be replaced, and it is read", hint: "name another file to write")
      }
    }
    if let secretsFile { try ManifestOutputs.checkSecrets(secretsFile) }
  }

  private func write(_ segmented: SegmentedManifest) throws {
    if let secretsFile {
      try AtomicFile.write(Array(segmented.secrets.utf8), to: secretsFile, mode: 0o600)
      Console.note("\(secretsFile): the Secrets, mode 0600; apply it with kubectl apply --server-side")
    }
    if let to, to != "-" {
      try AtomicFile.write(
        Array(segmented.text.utf8), to: to, mode: segmented.holdsCredentials ? 0o600 : 0o644)
    } else {
      if segmented.holdsCredentials { try PrivateOutput.prepare() }
      Console.write(segmented.text, to: STDOUT_FILENO)
    }
  }
}
