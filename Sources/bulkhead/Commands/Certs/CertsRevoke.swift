import Arguments
import Certificates
import Etcd
import FoundationEssentials
import Reconciliation
import Reporting
import Segmentation
import Terminal
import Text

extension RevocationReason: ExpressibleByArgument {}

struct CertsRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Revoke certificates: by identity, by serial, or by the certificate itself.",
    discussion: """
      Marks them in the ledger and writes a new revocation list, crl.der, beside the authority. An identity stands for \
      all its certificates that have not ended. It is also blocked: it gets no certificate by renewal, enrolment or \
      'certs sign' until 'certs unblock', and join tokens that are good for it are revoked. A serial or a PEM file \
      stands for one certificate, which is taken from a file also if the ledger does not know it.

      A list alone changes nothing. What makes a revocation effective:

        - etcd's --client-crl-file, kept up to date on every member: refuses new connections, leaves open ones alone.
        - --cut-off deletes the etcd user: etcd refuses the next request for keys of every certificate of this user, \
      also on open connections. The certificate can still be used for what etcd allows without a user: to grant leases \
      until the store is full, which on etcd 3.5 opens the way to every key. So a cut-off is complete only when every \
      member refuses the certificate, by the list or by a roll-over. The command asks each member with a revoked \
      certificate and says which still accept it. It can be repeated. 'bulkhead apply' creates the user again. \
      A user is not deleted while other certificates of it are not revoked, such as those of other nodes with \
      isolation node-certificate.

      Exit code 2 if a cut-off is not complete.
      """)

  @Argument(help: "Identities, serials in hexadecimal, or PEM files.") var what: [String]
  @Option(help: "Why: \(RevocationReason.allCases.map(\.rawValue).joined(separator: ", ")).")
  var reason = RevocationReason.unspecified
  @Option(help: "Of an identity with a certificate for each node: only this node's.") var node: String?
  @Flag(help: "Revoke also what came of these certificates by renewal.") var withRenewals = false
  @Flag(help: "Delete the etcd users of these certificates as well, and ask each member.") var cutOff = false
  @OptionGroup var listOption: RevocationListOption
  @OptionGroup var fileOption: FileOption
  @OptionGroup var passphraseOption: PassphraseOption
  @OptionGroup var timeoutOption: TimeoutOption
  @OptionGroup var lockOption: LockOption

  func run() async throws {
    let workspace = try Workspace(fileOption)
    if cutOff { try workspace.checkMayCutOff(Set(what)) }
    // Before the search: a passphrase may take a person's time, in which a thief could renew.
    let issuer = try workspace.issuer(passphraseOption)
    let outcome = try issuer.revoke(
      RevocationOrder(
        what, node: node, withRenewals: withRenewals, because: reason,
        known: workspace.segmentation.identities.flatMap(\.holders)),
      earlier: try workspace.earlierAuthorities())
    for entry in outcome.revoked { Console.out("revoked: \(entry.identity) \(entry.serial)") }
    if !outcome.before.isEmpty { Console.note("\(outcome.before.count) were revoked before") }
    for block in outcome.blocked {
      Console.out(
        "blocked: \(block.identity)\(block.node.map { " on \($0)" } ?? ""), until 'bulkhead certs unblock'")
    }
    for token in outcome.tokens { Console.out("join token revoked: \(token)") }
    if !outcome.renewals.isEmpty {
      Console.note(
        "\(outcome.renewals.count) valid certificates came of these by renewal and are not revoked")
      Console.note("hint: run the same command with --with-renewals, or revoke the identity")
    }
    let affected = outcome.revoked + outcome.before
    var probe = try issuer.revokedProbe(listedWith: affected, in: workspace.authority)
    if probe == nil || !outcome.revoked.isEmpty {
      let list = try issuer.writeRevocationListWithProbe(
        in: workspace.authority, validity: listOption.validity)
      Console.note(written: list)
      probe = try issuer.revokedProbe(listedWith: affected, in: workspace.authority)
    }
    let others = try workspace.existingLedger().valid(of: outcome.identities, at: Date())
    guard cutOff else {
      return Console.note(
        "hint: copy \(workspace.revocationList) to --client-crl-file of every etcd member by a rename, and "
          + (others.isEmpty
            ? "delete the etcd user with --cut-off"
            : "restart the members one by one: that ends the connections that are open"))
    }
    guard others.isEmpty else { throw Self.refusal(others, workspace.revocationList) }
    guard let probe else {
      throw CommandError(
        "\(workspace.revocationList) was replaced by another process", hint: "run the same command again")
    }
    let folder = "\(workspace.authority)/trust-probe"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try issuer.issueProbe(name: "control", to: folder)
    let isComplete = try await workspace.cutOff(
      outcome.identities, probe: probe, control: ("\(folder)/control.crt", "\(folder)/control.key"),
      timeout: timeoutOption.duration, lockOption)
    if !isComplete { throw ExitCode(2) }
  }
}

extension CertsRevoke {
  /// Why no user is deleted that other certificates need.
  private static func refusal(_ others: [LedgerEntry], _ list: String) -> CommandError {
    let users = Set(others.map(\.identity)).sorted()
    let names = others.prefix(5).map { $0.identity + ($0.node.map { " on \($0)" } ?? " \($0.serial)") }
    return CommandError(
      "revoked, but no user is deleted: \(visible(users.joined(separator: ", "))) is also the user of "
        + "\(others.count) certificates that are not revoked (\(visible(names.joined(separator: ", ")))"
        + (others.count > names.count ? ", …)" : ")") + ", and their holders would stop",
      hint:
        "copy \(list) to --client-crl-file of every member by a rename, and restart the members one by one: that ends "
        + "the connections that are open; to cut off all holders, revoke \(visible(users.joined(separator: " "))) without "
        + "--node")
  }
}

extension Workspace {
  /// The path of the revocation list.
  var revocationList: String { "\(authority)/\(Issuer.revocationListFile)" }
}

extension Console {
  /// Says which list was written, and what is unusual about it.
  static func note(written list: WrittenList) {
    out("\(list.path): number \(list.number), \(list.count) certificates")
    if let kept = list.keptAfterRestore {
      note(
        "the ledger was older than the list before, as after an old copy was put back: \(kept) of that list's "
          + "certificates were not revoked in the ledger, and are now")
      for block in list.blockedAfterRestore {
        note(
          "'\(block.identity)'\(block.node.map { " on the node '\($0)'" } ?? "") is blocked: a certificate of it was revoked"
        )
      }
      if !list.blockedAfterRestore.isEmpty {
        note(
          "hint: 'bulkhead certs unblock NAME' lifts the block of an identity that was not revoked as a whole"
        )
      }
      note("hint: certificates issued since that copy are not in the ledger; revoke one by its PEM file")
    }
    if list.count >= Issuer.manyEntries {
      note(
        "the list has \(list.count) entries, and etcd reads all of it at each TLS handshake: 0.35 s were measured "
          + "with 100,000")
      note("hint: a roll-over ends all certificates of the authority at once: 'bulkhead certs rollover'")
    }
  }
}
