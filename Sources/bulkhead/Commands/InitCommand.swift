import Arguments
import Catalogue
import Etcd
import Files
import FoundationEssentials
import Names
import Reconciliation
import Segmentation
import Terminal

struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a first bulkhead.yaml.",
    discussion: """
      Fills in and checks the given values; comments in the file explain the rest. Never overwrites a file.

        bulkhead init --cluster prod-eu --endpoint https://10.0.0.11:2379 --ca pki/etcd-ca.crt

      With --from-cluster the file describes etcd's users and roles: components and calicoctl users by name if they \
      are exactly as in the catalogue, all others by their permissions. 'bulkhead plan' of that file has no changes. \
      Writes nothing to etcd.

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
    template.schema = InstalledFiles.schema
    template.etcdPrefix = etcdPrefix
    if fromCluster {
      template = try await described(template)
      guard template.namesSomebody else {
        throw CommandError(
          "the cluster has no users or roles that a file could describe",
          hint: "'bulkhead init' without --from-cluster writes a file to begin with")
      }
    }
    // Checks the given values as parts of the file.
    let file = try SegmentationFile(template.text, file: fileOption.file, catalogue: try Catalogue.embedded())
    try AtomicFile.create(fileOption.file, text: template.text)
    let count = file.components.count + file.calicoctl.count + file.custom.count
    Console.out("\(fileOption.file): \(count) identities on Calico \(file.calico.release)")
    for remark in template.remarks { Console.note(remark) }
    Console.note("hint: next, 'bulkhead certs issue' and 'bulkhead plan'")
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
