import Arguments
import Certificates
import FoundationEssentials
import Reporting
import Segmentation
import Terminal

struct CertsRenew: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "renew",
    abstract: "Renew certificates that are due, with new keys.",
    discussion: """
      A certificate is due when two thirds of its lifetime have passed. Key and certificate are replaced together; \
      those that are not due are not touched. Without names, all identities of the file are looked at.

        bulkhead certs renew                      those that are due
        bulkhead certs renew calico-node --now    this one, due or not

      An identity that 'certs revoke' has blocked gets none, and the exit code is 2, until 'certs unblock'.

      A user with a password gets a new one with --password: in etcd at once, and in its file. There is no overlap: its \
      client is refused until it has the new one, so hand that over right after.
      """)

  @Argument(help: "Identities of the file.") var users: [String] = []
  @Flag(help: "Renew whether due or not.") var now = false
  @Flag(help: "Change the passwords too, of the identities named or of all that have one.") var password =
    false
  @OptionGroup var dueOption: DueOption
  @OptionGroup var fileOption: FileOption
  @OptionGroup var passphraseOption: PassphraseOption
  @OptionGroup var outputOption: OutputOption
  @OptionGroup var timeoutOption: TimeoutOption
  @OptionGroup var lockOption: LockOption

  func run() async throws {
    let workspace = try Workspace(fileOption)
    let holders = try workspace.holdersWithCertificate(named: users)
    let issuer = try workspace.issuer(
      passphraseOption, allowRoot: holders.contains { $0.name == Role.root })
    let issued = try workspace.certificates.issue(
      for: holders, by: issuer,
      renewal: now ? .always : .due(after: dueOption.share)
    ) { Console.progress("\($0) of \(holders.count) certificates") }
    Console.clearProgress()
    try Console.out(try IssueReport(issued), outputOption)
    let isBlocked = Console.note(blockedIn: issued)
    if issued.contains(where: \.isNew) { Console.note(cutOffBy: issuer) }
    if issued.contains(where: \.isNew) {
      Console.note(
        "hint: the components read the new ones from new Secrets: 'bulkhead manifest', then roll out")
    }
    if password {
      try await workspace.changePasswords(of: users, timeout: timeoutOption.duration, lockOption)
    }
    if isBlocked { throw ExitCode(2) }
  }
}
