import Arguments
import Certificates
import Etcd
import FoundationEssentials
import Reconciliation
import Reporting
import Segmentation

extension RevocationReason: ExpressibleByArgument {}

struct CertsRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Revoke certificates: by identity, by serial, or by the certificate itself.",
    discussion: """
      Marks them in the ledger and writes a new revocation list, crl.der, beside the authority. A list alone changes \
      nothing. What makes it effective:

        - etcd's --client-crl-file, kept up to date on every member: refuses new connections, leaves open ones alone.
        - --cut-off takes the etcd user away: at once, for open connections too, but for every certificate of this \
      user. 'bulkhead apply' makes the user again.
      """)

  @Argument(help: "Identities, serials in hexadecimal, or PEM files.") var what: [String]
  @Option(help: "Why: \(RevocationReason.allCases.map(\.rawValue).joined(separator: ", ")).")
  var reason = RevocationReason.unspecified
  @Option(help: "Of an identity with a certificate for each node: only this node's.") var node: String?
  @Flag(help: "Take the etcd users of these certificates away as well, now.") var cutOff = false
  @OptionGroup var listOption: RevocationListOption
  @OptionGroup var fileOption: FileOption
  @OptionGroup var passphraseOption: PassphraseOption
  @OptionGroup var timeoutOption: TimeoutOption
  @OptionGroup var lockOption: LockOption

  func run() async throws {
    let workspace = try Workspace(fileOption)
    let ledger = try workspace.existingLedger()
    let found = try ledger.find(what, node: node)
    // Load the authority first: without it no list can be written, and the revocation would be incomplete.
    let issuer = try workspace.issuer(passphraseOption)
    let count = try ledger.revoke(serials: found.map(\.serial), at: Date(), because: reason)
    let list = try issuer.writeRevocationList(in: workspace.authority, validity: listOption.validity)
    for entry in found { Console.out("revoked: \(entry.identity) \(entry.serial)") }
    if count < found.count { Console.note("\(found.count - count) of them were revoked before") }
    Console.out("\(list.path): number \(list.number), \(list.count) certificates")
    if cutOff {
      try await workspace.cutOff(
        Set(found.map(\.identity)), timeout: timeoutOption.duration, lockOption)
    } else {
      Console.note(
        "hint: copy \(list.path) to --client-crl-file of every etcd member by a rename, or cut off with --cut-off"
      )
    }
  }
}

extension Workspace {
  /// Deletes etcd users: etcd refuses their next request for keys, users or roles, on existing connections
  /// too. Calls that need no user, such as LeaseGrant and MemberList, are still answered.
  fileprivate func cutOff(_ users: Set<String>, timeout: Duration, _ lockOption: LockOption) async throws {
    let own = try applicant()
    guard !users.contains(own) else {
      throw Complaint(
        "'\(own)' is whom bulkhead itself works as, and is not cut off", hint: "replace its certificate first"
      )
    }
    try await EtcdClient.connect(
      to: file.etcd.endpoints, as: try administrator, timeout: timeout
    ) { etcd in
      try await lockOption.holdingLock(of: etcd) { lock in
        let known = try await etcd.users()
        for user in users.sorted() {
          guard known.contains(where: { $0.utf8.elementsEqual(user.utf8) }) else {
            Console.note("\(user): there is no such user in etcd")
            continue
          }
          try await lock.check()
          try await etcd.deleteUser(user)
          Console.out("cut off: \(user)")
        }
      }
      guard try await etcd.isAuthEnabled() else {
        return Console.note("authentication is off: every client may do everything, cut off or not")
      }
    }
  }
}
