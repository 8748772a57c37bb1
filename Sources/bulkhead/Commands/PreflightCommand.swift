import Arguments
import Certificates
import Etcd
import Reconciliation
import Reporting
import Segmentation
import Terminal
import Verification

struct PreflightCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preflight",
    abstract: "Check whether authentication can be turned on safely, and which users it would lock out.",
    discussion: """
      Changes nothing. Looks at every member (release and its known vulnerabilities, alarms, space, server certificate, \
      peer port, agreement with the others), at the users, roles and passwords, and at the keys that only \
      administrators could reach; at the pods and at folders with certificates if they are given:
        kubectl get pods --all-namespaces --output json | bulkhead preflight --pods -

      Exit code 0 if it is safe, 2 if a finding is at least as bad as --fail-on. With --rules it lists the rules.
      """)

  @Flag(help: "List the rules.") var rules = false
  @Option(help: "The least severity that makes the exit code 2.") var failOn = FindingSeverity.error
  @OptionGroup var outputOption: FindingsOutputOption
  @Option(
    name: .customLong("certificates"),
    help: ArgumentHelp(
      "A folder with client certificates that programs use, such as /etc/kubernetes/pki; may be repeated.",
      valueName: "directory"))
  var certificateFolders: [String] = []
  @OptionGroup var advisoryOptions: AdvisoryOptions
  @OptionGroup var unreachableOption: UnreachableOption
  @OptionGroup var quotaOption: QuotaOption
  @OptionGroup var fileArgument: FileArgument
  @OptionGroup var nodesOption: NodesOption
  @OptionGroup var sharedOptions: SharedOptions
  @OptionGroup var timeoutOption: TimeoutOption

  private var fileOption: FileOption { fileArgument.fileOption }

  func run() async throws {
    if rules { return Console.out(PreflightRules.text(Console.style)) }
    let advisories = try advisoryOptions.list(otherIDs: PreflightRule.all.map(\.id))
    let workspace = try Workspace(fileOption, nodes: nodesOption)
    let applicant = try workspace.applicant()
    let credentials = try workspace.administrator
    let uses = try sharedOptions.podUses()
    var knowledge = Preflight.Knowledge()
    knowledge.shared = sharedOptions.shared
    knowledge.file = workspace.file
    let acceptances = workspace.acceptances(known: advisories, options: advisoryOptions.accept)
    knowledge.endedAcceptances = acceptances.ended
    knowledge.unreachable = unreachableOption.keys
    knowledge.knownRefusals = workspace.file.knownRefusals
    knowledge.etcdPrefixes = uses?.etcdPrefixes ?? [:]
    knowledge.certificates = try certificateFolders.flatMap { try workspace.certificatesInUse($0) }
    let clients = workspace.clients
    let preflight = try await EtcdClient.connectToMembers(
      behind: workspace.file.etcd.endpoints, as: credentials, timeout: timeoutOption.duration
    ) { [knowledge] etcd, members in
      var knowledge = knowledge
      knowledge.protected = try await workspace.goal().protected(in: etcd)
      let state = try await ClusterState.observe(
        etcd, passwords: try workspace.passwordCandidates(), progress: Console.progress)
      let assessment = try await ServerAssessment.of(
        members, etcd, as: credentials, advisories: advisories, quota: quotaOption.bytes
      )
      .askingPeerPorts(as: clients)
      return try await Preflight.check(
        etcd, assessment, as: credentials, workspace.segmentation, state: state, applicant: applicant,
        knowledge)
    }
    Console.clearProgress()
    let report = PreflightReport(
      preflight, cluster: workspace.file.cluster, pods: uses, origin: workspace.origin(),
      accepting: acceptances)
    try Console.out(report, outputOption, file: fileOption.file, counting: failOn)
    if report.holds(failOn) { throw ExitCode(2) }
  }
}

extension Workspace {
  /// The credentials of some identities whose certificates are on this machine, and the administrator's if the same
  /// authority signed them.
  fileprivate var clients: [ClientCredentials] {
    let issued = segmentation.identities.lazy.filter(\.isIssued).compactMap { try? self.credentials(of: $0) }
    let own = try? administrator
    let issuer = own.flatMap { try? CertificateFacts(file: $0.certificate).issuer }
    let isOfAuthority =
      issuer != nil && issuer == (try? CertificateFacts(file: "\(authority)/ca.crt").subject)
    return Array(issued.prefix(7)) + (isOfAuthority ? [own].compactMap(\.self) : [])
  }

  /// The client certificates in a folder that an authority of the file signed, as far as their issuer's name
  /// shows.
  fileprivate func certificatesInUse(_ folder: String) throws -> [Preflight.CertificateInUse] {
    let authorities = ["\(authority)/ca.crt", path(file.etcd.ca)].compactMap {
      try? CertificateFacts(file: $0).subject
    }
    return try CertificateFolder.read(folder).filter { entry in
      // etcd's own server and peer certificates are for both.
      entry.facts.isForClients && entry.facts.extendedKeyUsages?.contains("serverAuth") != true
        && authorities.contains(entry.facts.issuer)
    }.map {
      Preflight.CertificateInUse(
        path: $0.path, user: $0.facts.user, isTransport: $0.facts.transportName != nil)
    }
  }
}
