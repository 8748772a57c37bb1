import Arguments
import Certificates
import FoundationEssentials
import Names
import Segmentation
import StrictYAML
import Terminal

struct CertsMember: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "member",
    abstract: "Issue the server and peer certificates of an etcd member.",
    discussion: """
      Writes server.crt and peer.crt with their keys (mode 0600), for --cert-file and --peer-cert-file. Their Common \
      Names can be no etcd user, since the gRPC gateway calls etcd with the server's certificate.

      The authority should be another than that of the clients.

        bulkhead certs authority etcd-ca --name etcd-ca
        bulkhead certs member etcd-1 --authority etcd-ca --host 10.0.0.11 --host localhost --host 127.0.0.1
      """)

  @Argument(help: "The member's name.") var member: String
  @Option(help: "The folder of the authority of the members.") var authority: String
  @Option(name: .customLong("host"), help: "A name or address that it is reached by; may be repeated.")
  var hosts: [String]
  @Option(help: "The folder to write to; AUTHORITY/members/MEMBER if not given.") var to: String?
  @Option(help: "How long they are valid.") var lifetime = "1y"
  @OptionGroup var passphraseOption: PassphraseOption

  func run() async throws {
    guard let lifetime = Lifetime(lifetime) else {
      throw ValidationError("--lifetime takes a number and a unit: 1y, 90d, 12h")
    }
    let now = Date()
    let issuer = Issuer(
      try Authority.load(authority, now: now, passphrase: passphraseOption.source),
      ledger: try Ledger(in: authority), lifetime: .seconds(lifetime.seconds), now: now)
    let hosts = try hosts.map(HostName.init)
    guard to != nil || !member.contains("/") else {
      throw CommandError("the member's name '\(member)' makes no folder", hint: "say where with --to")
    }
    for path in try issuer.issueMember(member, hosts: hosts, to: to ?? "\(authority)/members/\(member)") {
      Console.out(path)
    }
  }
}
