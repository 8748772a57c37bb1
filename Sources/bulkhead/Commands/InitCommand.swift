import Arguments
import Catalogue
import Etcd
import Files
import FoundationEssentials
import Names
import Reconciliation
import Segmentation

struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write bulkhead.yaml to begin with.",
    discussion: """
      What is given is filled in and checked, the rest is explained in the file. A file that is there is not \
      overwritten.

        bulkhead init --cluster prod-eu --endpoint https://10.0.0.11:2379 --ca pki/etcd-ca.crt

      With --from-cluster the users and roles that etcd has are described: components and calicoctl's users by name \
      where they are exactly as the catalogue has them, the rest by their permissions. A plan of that file for the \
      same cluster is empty. Nothing is written to etcd.

        bulkhead init --from-cluster --endpoint https://10.0.0.11:2379 --ca etcd-ca.crt \
          --certificate root.crt --key root.key
      """)

  @OptionGroup var fileOption: FileOption
  @Option(help: "A name for people.") var cluster: String?
  @Option(name: .customLong("endpoint"), help: "A member's client URL; may be repeated.") var endpoints:
    [String] = []
  @Option(help: "The authority of the members' server certificates.") var ca: String?
  @Option(help: "A certificate whose user has the root role.") var certificate: String?
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

  @Flag(help: "Describe the users and roles of the running cluster.") var fromCluster = false
  @OptionGroup var timeoutOption: TimeoutOption

  func validate() throws {
    if fromCluster, endpoints.isEmpty || ca == nil || certificate == nil || key == nil {
      throw ValidationError("--from-cluster needs --endpoint, --ca, --certificate and --key")
    }
    if fromCluster, !components.isEmpty || !calicoctl.isEmpty {
      throw ValidationError("--from-cluster finds components and calicoctl's users by itself")
    }
  }

  func run() async throws {
    var template = FileTemplate()
    if let cluster { template.cluster = cluster }
    if !endpoints.isEmpty { template.endpoints = endpoints }
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
    if fromCluster {
      template = try await described(template)
      guard template.namesSomebody else {
        throw Complaint(
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
    func path(_ path: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }
    let administrator = ClientCredentials(
      authority: path(template.ca), certificate: path(template.certificate), key: path(template.key))
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
      _ = try await Survey.take(etcd, as: administrator, members: members)
      let users = Set(try await etcd.users())
      let state = try await ClusterState.observe(etcd, managed: users, progress: Console.progress)
      Console.clearProgress()
      var release = given
      if release == nil { release = try await CalicoVersion.read(etcd) }
      return ClusterDescription(
        of: state, template, release: release,
        withPassword: try await etcd.usersWithPassword(among: users), catalogue: catalogue
      ).template
    }
  }
}

extension AtomicFile {
  /// Writes a new file that everyone may read; never overwrites an existing file.
  fileprivate static func create(_ path: String, text: String) throws {
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { String(path[..<$0]) } ?? "."
    let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    try create([NewFile(name: name, bytes: Array(text.utf8), mode: 0o644)], in: folder.isEmpty ? "/" : folder)
  }
}
