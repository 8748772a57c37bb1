import Arguments
import Certificates
import Etcd
import FoundationEssentials
import Reconciliation
import Reporting
import Segmentation
import Services
import Terminal
import Text

extension SegmentationFile.CalicoctlUser.Access: ExpressibleByArgument {}

struct AccessCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "access",
    abstract: "Give a person access with calicoctl that ends, apart from the file.",
    discussion: """
      Makes the user with the role for that access and a certificate that expires at the same time, and records in etcd \
      when the access ends. When the time is over, 'plan' shows that the user is to be removed, 'apply' removes it, and \
      'bulkhead watch --end-access' does so by itself. Until one of them runs, the user exists, but its certificate has \
      expired. The history has it. Without a user, lists who has access that ends.

        bulkhead access alice --as policy-editor --for 1h --why "incident 4711"
        bulkhead access
        bulkhead access alice --end
      """)

  @Argument(help: "The person: the Common Name and the user in etcd.") var user: String?
  @Option(name: .customLong("as"), help: "What the person may do.")
  var access: SegmentationFile.CalicoctlUser.Access?
  @Option(
    name: .customLong("for"), help: ArgumentHelp("For how long, at most 30d: 30m, 1h, 2d.", valueName: "time")
  )
  var time: Interval?
  @Option(help: ArgumentHelp("The reason, for the list.", valueName: "text")) var why: String?
  @Flag(help: "End the access now.") var end = false
  @Flag(help: "Issue no certificate: the person has one of that name.") var noCertificate = false
  @OptionGroup var fileOption: FileOption
  @OptionGroup var passphraseOption: PassphraseOption
  @OptionGroup var outputOption: OutputOption
  @OptionGroup var timeoutOption: TimeoutOption
  @OptionGroup var lockOption: WaitOption

  func validate() throws {
    if user == nil {
      guard access == nil, time == nil, why == nil, !end, !noCertificate else {
        throw ValidationError("name the person: bulkhead access USER --as policy-editor --for 1h")
      }
    } else if end {
      guard access == nil, time == nil, why == nil, !noCertificate else {
        throw ValidationError("--end takes no other option about the access")
      }
    } else {
      guard access != nil, let time else { throw ValidationError("--as and --for are needed, or --end") }
      guard (60...Int(TemporaryAccess.longest)).contains(time.seconds) else {
        throw ValidationError("--for takes 1m to 30d")
      }
    }
  }

  func run() async throws {
    let workspace = try Workspace(fileOption)
    let administrator = try workspace.administrator
    try await withCancellation { [self] in
      try await EtcdClient.connectToMembers(
        behind: workspace.file.etcd.endpoints, as: administrator, timeout: timeoutOption.duration
      ) { etcd, members in
        Console.note(members)
        guard let user else {
          let survey = try await Survey.take(etcd, as: administrator, members: members)
          return try Console.out(
            AccessListReport(
              survey.temporaryAccess(of: try workspace.goal().owner), cluster: workspace.file.cluster,
              now: Date()), outputOption)
        }
        if end {
          let ended = try await lockOption.holdingLock(of: etcd) {
            try await workspace.endAccess(of: [user], etcd, $0)
          }
          guard !ended.isEmpty else {
            throw CommandError(
              "\(quoted(user)) has no access that ends, or is not as 'bulkhead access' made it and stays",
              hint: "'bulkhead access' lists who has; 'bulkhead plan' names other users")
          }
          return Console.out(
            "\(visible(user)): the access is ended; its certificate is not revoked: 'bulkhead certs revoke' does that"
          )
        }
        guard let access, let time else { return }
        let until = Date(
          timeIntervalSince1970: (Date().timeIntervalSince1970 + Double(time.seconds)).rounded(.up))
        let certificate = try await lockOption.holdingLock(of: etcd) { lock in
          var issued: CredentialDirectory.Issuance?
          _ = try await workspace.giveAccess(user, as: access, until: until, why: why, etcd, lock) {
            issued = noCertificate ? nil : try issue(user, workspace, time)
          }
          return issued
        }
        Console.out("\(visible(user)): \(access.rawValue) until \(until.formatted(.iso8601))")
        if let certificate {
          Console.out("certificate: \(certificate.certificatePath)\nkey: \(certificate.keyPath)")
        }
      }
    }
  }

  /// A new certificate that ends with the access.
  private func issue(
    _ user: String, _ workspace: Workspace, _ time: Interval
  ) throws -> CredentialDirectory.Issuance {
    let usual = try workspace.issuer(passphraseOption)
    let issuer = Issuer(
      usual.authority, ledger: usual.ledger, lifetime: time.duration, now: usual.now)
    let issued = try workspace.certificates.issue(
      for: [CertificateHolder(client: user, component: "calicoctl")], by: issuer, renewal: .always)
    guard let first = issued.first, first.block == nil else {
      throw CommandError(
        "\(quoted(user)) is blocked since it was revoked, and gets no certificate",
        hint: "'bulkhead certs unblock \(user)' lifts the block")
    }
    return first
  }
}
