import Arguments
import Certificates
import FoundationEssentials
import Reporting
import Segmentation
import StrictYAML
import Terminal

extension KeyAlgorithm: ExpressibleByArgument {}

struct CertsAuthority: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "authority",
    abstract: "Make a new authority.",
    discussion: """
      Writes ca.crt and ca.key (mode 0600); an existing authority is never overwritten. etcd accepts its certificates \
      once ca.crt is in --trusted-ca-file of each member, beside the authority that the member has there already, and \
      the member was restarted. 'bulkhead certs trust' asks each member.

      Do not add it to --peer-trusted-ca-file: the peer port checks no user, so each client certificate could act as a \
      member and write every key. With --signed-by a folder with ca.crt and ca.key, it becomes an intermediate of that \
      authority: what trusts that one accepts its certificates too. An authority in 'etcd.ca' of the file, or that \
      one of these has signed, is refused as the signer, and so is one for which that cannot be checked.
      """)

  @Argument(help: "The folder, created if it does not exist.") var directory = "pki"
  @Option(help: "The authority's Common Name.") var name = "bulkhead clients"
  @Option(help: "How long it is valid: 10y, 365d.") var lifetime = "10y"
  @Option(help: "Its key: \(KeyAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")).")
  var key = KeyAlgorithm.p256
  @Flag(help: "Protect its key by a passphrase, asked for or given as below.") var protect = false
  @Flag(help: "Let it sign certificates for clients only, none for servers.") var clientsOnly = false
  @Option(help: "Let it sign for this DNS name and those below it, and no other; may be repeated.")
  var permitDomain: [String] = []
  @Option(
    help: "Let it sign for addresses of this network, such as 10.0.0.0/8, and no other; may be repeated.")
  var permitNetwork: [String] = []
  @Option(help: "The folder of an authority that signs this one.") var signedBy: String?
  @OptionGroup var peerOption: PeerAuthorityOption
  @OptionGroup var fileOption: FileOption
  @OptionGroup var passphraseOption: PassphraseOption

  func run() async throws {
    guard let lifetime = Lifetime(lifetime) else {
      throw ValidationError("--lifetime takes a number and a unit: 10y, 365d, 12h")
    }
    if let signedBy {
      try peerOption.check("\(signedBy)/ca.crt", file: fileOption)
    }
    let now = Date()
    let limits = AuthorityLimits(
      isForClientsOnly: clientsOnly, domains: permitDomain, networks: try permitNetwork.map(IPNetwork.init))
    let parent = try signedBy.map {
      try Authority.load($0, now: now, passphrase: PassphraseOption.prompting)
    }
    let authority = try Authority.create(
      name: name, lifetime: .seconds(lifetime.seconds), now: now, key: key, limits: limits, signedBy: parent)
    try authority.save(to: directory, passphrase: protect ? try passphraseOption.new() : nil)
    Console.out(
      "\(directory)/ca.crt: \(authority.facts.subject), valid until \(authority.facts.notAfter.day)")
    if parent == nil {
      Console.note(
        "hint: add \(directory)/ca.crt to the file of --trusted-ca-file of every etcd member, restart them one by one, "
          + "and run 'bulkhead certs trust'; leave --peer-trusted-ca-file as it is")
    } else {
      Console.note(
        "warning: if a member has the signing authority in --peer-trusted-ca-file, the clients can act as members"
      )
    }
  }
}
