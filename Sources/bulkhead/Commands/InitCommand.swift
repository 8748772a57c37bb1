import Arguments
import Catalogue
import Discovery
import Etcd
import Files
import FoundationEssentials
import Glibc
import Names
import Reconciliation
import Segmentation
import Terminal

struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a first bulkhead.yaml.",
    discussion: """
      Takes the given values and finds out what it can: on a host of kubeadm, kubespray or k3s from their files, from \
      a Calico manifest, and from the etcd that answers on this host. Prints where each value is from. On a terminal \
      it asks the rest; otherwise it names what it did not find. Comments in the file explain all of it. Never \
      overwrites a file, changes nothing in etcd.

        bulkhead init --manifest calico-etcd.yaml
        bulkhead init --cluster prod-eu --endpoint https://10.0.0.11:2379 --ca pki/etcd-ca.crt

      With --from-cluster the file describes etcd's users and roles: components and calicoctl users by name if they \
      are exactly as in the catalogue, all others by their permissions. 'bulkhead plan' of that file has no changes.

        bulkhead init --from-cluster --endpoint https://10.0.0.11:2379 --ca etcd-ca.crt \
          --certificate root.crt --key root.key
      """)

  @OptionGroup var fileOption: FileOption
  @Option(help: "The cluster's name in reports.") var cluster: String?
  @Option(name: .customLong("endpoint"), help: "A member's client URL; may be repeated.") var endpoints:
    [String] = []
  @Option(help: "The authority of the members' server certificates, in PEM.") var ca: String?
  @Option(help: "A client certificate whose user has the role root.") var certificate: String?
  @Option(help: "Its private key.") var key: String?
  @Option(help: "Calico's version.") var calico: String?
  @Option(help: "The folder of the authority for client certificates.") var authority: String?
  @Option(name: .customLong("component"), help: "A component; may be repeated.") var components: [String] = []
  @Option(name: .customLong("calicoctl"), help: "A calicoctl user, as USER=read-only; may be repeated.")
  var calicoctl: [String] = []
  @Option(
    name: .customLong("apiserver"),
    help: "The Common Name of kube-apiserver's etcd client certificate; may be repeated.")
  var apiservers: [String] = []

  @Option(help: "kube-apiserver's --etcd-prefix, if it is not /registry.") var etcdPrefix: String?
  @Option(
    name: .customLong("administrator"),
    help: ArgumentHelp(
      "Another client that needs etcd's role root, as USER or USER=WHY; may be repeated.", valueName: "user"))
  var administrators: [String] = []

  @Option(
    help: ArgumentHelp("A Calico manifest, which has the release and the components.", valueName: "file"))
  var manifest: String?
  @Option(
    help: ArgumentHelp(
      "Where the host's file system is: / is this host; another folder for a copy of /etc and /var/lib, or a mount.",
      valueName: "folder"))
  var hostRoot = "/"
  @Flag(help: "Use only what the options say: read no file of the host, ask no etcd and no person.")
  var onlyGiven = false

  @Flag(help: "Describe the users and roles of the running cluster.") var fromCluster = false
  @OptionGroup var timeoutOption: TimeoutOption

  func validate() throws {
    if fromCluster, endpoints.isEmpty || ca == nil || certificate == nil || key == nil {
      throw ValidationError("--from-cluster needs --endpoint, --ca, --certificate and --key")
    }
    if fromCluster, !components.isEmpty || !calicoctl.isEmpty {
      throw ValidationError(
        "--from-cluster finds components and calicoctl users itself: omit --component and --calicoctl")
    }
    if let etcdPrefix { try check(etcdPrefix) }
    for (name, isGiven) in [("--manifest", manifest != nil), ("--host-root", hostRoot != "/")] where isGiven {
      guard !onlyGiven else { throw ValidationError("\(name) has no effect with --only-given") }
      guard !fromCluster else { throw ValidationError("\(name) has no effect with --from-cluster") }
    }
    if onlyGiven, fromCluster {
      throw ValidationError("--only-given has no effect with --from-cluster, which asks the cluster alone")
    }
    guard hostRoot.hasPrefix("/") else { throw ValidationError("--host-root takes an absolute path") }
  }

  private func check(_ etcdPrefix: String) throws {
    do throws(CatalogueError) {
      _ = try Installation.kubernetesPrefix(etcdPrefix)
    } catch { throw ValidationError("--etcd-prefix: \(error.message)") }
    guard fromCluster || !apiservers.isEmpty else {
      throw ValidationError("--etcd-prefix has an effect only with --apiserver or --from-cluster")
    }
  }

  func run() async throws {
    let isOutput = fileOption.file == "-"
    if !isOutput, FileManager.default.fileExists(atPath: fileOption.file) {
      throw CommandError(
        "cannot create \(fileOption.file): it exists already", hint: "choose another path, or remove it")
    }
    let catalogue = try Catalogue.embedded()
    var template = try givenTemplate()
    var missing: [Question] = []
    if fromCluster {
      template = try await described(template)
      guard template.namesSomebody else {
        throw CommandError(
          "the cluster has no users or roles that a file could describe",
          hint: "'bulkhead init' without --from-cluster writes a file to begin with")
      }
    } else if onlyGiven {
      missing = Question.allCases.filter { !given.contains($0) }
    } else {
      var proposal = try await proposal(template)
      for line in proposal.findings { Console.note("found \(line)") }
      for line in proposal.remarks { Console.note("note: \(line)") }
      if Console.isTerminal(STDIN_FILENO), Console.isTerminal(STDOUT_FILENO) {
        try InitDialogue(file: fileOption.file, catalogue: catalogue).complete(&proposal)
      }
      template = proposal.template
      missing = proposal.questions
    }
    // Checks the given values as parts of the file.
    let file = try SegmentationFile(template.text, file: fileOption.file, catalogue: catalogue)
    guard !isOutput else { return Console.out(String(template.text.dropLast())) }
    try AtomicFile.create(fileOption.file, text: template.text)
    let count = file.components.count + file.calicoctl.count + file.custom.count
    Console.out("\(fileOption.file): \(count) identities on Calico \(file.calico.release)")
    for remark in template.remarks { Console.note(remark) }
    for line in notFound(missing, template) { Console.note(line) }
    Console.note("hint: next, \(nextSteps(template))")
  }

  /// What the options say, in the file that is otherwise the first one.
  private func givenTemplate() throws -> FileTemplate {
    var template = FileTemplate()
    if let cluster { template.cluster = cluster }
    // As etcdctl takes them: separated by commas.
    if !endpoints.isEmpty {
      template.endpoints = endpoints.flatMap { $0.split(separator: ",").map(String.init) }
    }
    if let ca { template.ca = ca }
    if let certificate { template.certificate = certificate }
    if let key { template.key = key }
    if let calico { template.calico = calico }
    if let authority { template.authority = authority }
    if !components.isEmpty { template.components = components }
    template.calicoctl = try calicoctl.map { entry in
      let parts = entry.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else { throw ValidationError("--calicoctl takes USER=ACCESS, found '\(entry)'") }
      return (user: String(parts[0]), access: String(parts[1]))
    }
    template.apiservers = apiservers
    template.administrators = administrators.map { entry in
      let parts = entry.split(separator: "=", maxSplits: 1).map(String.init)
      return .init(
        user: parts.first ?? "",
        why: parts.count == 2 ? parts[1] : "needs the role root, as 'bulkhead init' was told")
    }
    template.schema = InstalledFiles.schema
    template.etcdPrefix = etcdPrefix
    return template
  }

  private var given: Set<Question> {
    var given: Set<Question> = []
    if cluster != nil { given.insert(.cluster) }
    if !endpoints.isEmpty { given.insert(.endpoints) }
    if ca != nil { given.insert(.authority) }
    if calico != nil { given.insert(.calico) }
    if !apiservers.isEmpty { given.insert(.apiserver) }
    if !calicoctl.isEmpty { given.insert(.calicoctl) }
    return given
  }

  /// kubespray keeps what it has applied there (kubespray, `roles/network_plugin/calico/tasks/install.yml`).
  private static let kubesprayManifest = "/etc/kubernetes/calico-node.yml"

  /// What the host's files, the manifest and the etcd on this host say, added to what was given.
  private func proposal(_ template: FileTemplate) async throws -> Proposal {
    let files = HostFiles.onDisk(below: hostRoot)
    let host = HostDiscovery(files)
    let root = hostRoot == "/" ? "" : hostRoot
    var facts: ManifestFacts?
    if let manifest {
      facts = ManifestFacts(
        try FileContents.readText(StandardInput.path(manifest, as: "--manifest")),
        file: StandardInput.name(manifest))
    } else if case .text(let text) = files[Self.kubesprayManifest] {
      facts = ManifestFacts(text, file: root + Self.kubesprayManifest)
    }
    // Members on this host are asked only if nothing says that another etcd is meant.
    let running = endpoints.isEmpty && hostRoot == "/" ? await running(host, template) : nil
    return Proposal(
      template, given: given,
      // kubespray has other files for the other components.
      hasComponents: !components.isEmpty || manifest == nil,
      hasCertificate: certificate != nil || key != nil, host: host, manifest: facts, running: running
    ) { root + $0 }
  }

  /// Asks the etcd that answers on this host, with the certificate that was given or that the host's files name.
  private func running(_ host: HostDiscovery, _ template: FileTemplate) async -> RunningEtcd? {
    let url = host.local.first ?? "https://127.0.0.1:2379"
    guard let endpoint = try? Endpoint(url), LoopbackPort.answers(endpoint.port) else { return nil }
    guard let authority = ca ?? host.authority?.value,
      let client = certificate.flatMap({ certificate in key.map { (certificate, $0) } })
        ?? host.client.map({ ($0.value.certificate, $0.value.key) })
    else {
      Console.note(
        "note: something answers at \(url); to ask it, give --ca, --certificate and --key of a client of etcd"
      )
      return nil
    }
    let folder = fileOption.file.containingFolder
    let credentials = ClientCredentials(
      authority: authority.relative(to: folder), certificate: client.0.relative(to: folder),
      key: client.1.relative(to: folder))
    do {
      return try await RunningEtcd.ask(at: endpoint, as: credentials, timeout: .seconds(3))
    } catch {
      let error = CommandError(error)
      Console.note("note: etcd at \(url) was not asked: \(error.message)")
      return nil
    }
  }

  /// What the file has without anyone having said it.
  private func notFound(_ questions: [Question], _ template: FileTemplate) -> [String] {
    // People are a choice, not a fact.
    let facts = questions.filter { $0 != .calicoctl }
    guard !facts.isEmpty else { return [] }
    let width = facts.map(\.option.count).max() ?? 0
    return ["neither given nor found, so look at these in the file:"]
      + facts.map { question in
        let value = question.standard(in: template) ?? ""
        let padding = String(repeating: " ", count: width - question.option.count)
        return
          "  \(question.option)\(padding)  \(value == "-" ? "none, as if Kubernetes had another etcd" : value)"
      }
  }

  /// The next commands, which depend on what exists already.
  private func nextSteps(_ template: FileTemplate) -> String {
    let folder = fileOption.file.containingFolder
    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path.relative(to: folder)) }
    let option = fileOption.file == FileOption().file ? "" : " --file \(fileOption.file)"
    var steps: [String] = []
    if !exists("\(template.authority)/ca.crt") {
      steps.append("bulkhead certs authority\(option.isEmpty ? "" : " \(template.authority)") --clients-only")
    }
    let makesRoot =
      template.certificate == "\(template.authority)/clients/root.crt" && !exists(template.certificate)
    steps.append("bulkhead certs issue\(option)\(makesRoot ? " --root" : "")")
    return (steps + ["bulkhead plan\(option)"]).map { "'\($0)'" }.joined(separator: ", ")
  }

  /// Adds what the running cluster contains to the template.
  private func described(_ template: FileTemplate) async throws -> FileTemplate {
    let folder = URL(fileURLWithPath: fileOption.file).deletingLastPathComponent().path
    let administrator = ClientCredentials(
      authority: template.ca.relative(to: folder), certificate: template.certificate.relative(to: folder),
      key: template.key.relative(to: folder))
    for file in [administrator.authority, administrator.certificate, administrator.key] {
      _ = try FileContents.read(file)
    }
    let catalogue = try Catalogue.embedded()
    let given = try calico.map { try CalicoRelease.known($0) }
    return try await EtcdClient.connectToMembers(
      behind: try template.endpoints.map { try Endpoint($0) }, as: administrator,
      timeout: timeoutOption.duration
    ) { etcd, members in
      Console.note(members)
      let description = try await ClusterDescription.read(
        etcd, as: administrator, members: members, template, release: given, catalogue: catalogue,
        progress: Console.progress)
      Console.clearProgress()
      return description.template
    }
  }
}

extension AtomicFile {
  /// Writes a new file that everyone may read; never overwrites an existing file.
  fileprivate static func create(_ path: String, text: String) throws {
    let name = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    try create([NewFile(name: name, bytes: Array(text.utf8), mode: 0o644)], in: path.containingFolder)
  }
}
