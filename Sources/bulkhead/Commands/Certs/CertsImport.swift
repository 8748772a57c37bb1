import Arguments
import Certificates
import Files
import FoundationEssentials
import Reporting
import Terminal

struct CertsImport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Take over an authority that exists: a CA certificate and its key in PEM.",
    discussion: """
      The authority must be for clients only. One that etcd's peers trust is not: the peer port checks no user, so each \
      client certificate could act as a member and write every key. An authority in 'etcd.ca' of the file, or that one \
      of these has signed, is refused, and so is one for which that cannot be checked. \
      What members have in --peer-trusted-ca-file cannot be seen from here.

      A key that is protected by a passphrase stays protected, by the same one; --protect protects one that was not.
      """)

  @Option(help: "The CA's certificate.") var certificate: String
  @Option(help: "The CA's private key: PKCS#8, also with a passphrase, SEC1 or PKCS#1.") var key: String
  @Flag(help: "Protect the key by a passphrase.") var protect = false
  @OptionGroup var peerOption: PeerAuthorityOption
  @OptionGroup var fileOption: FileOption
  @OptionGroup var passphraseOption: PassphraseOption
  @Argument(help: "The folder to write it to, created if it does not exist.") var directory = "pki"

  func run() async throws {
    try peerOption.check(certificate, file: fileOption)
    let memory = PassphraseMemory(passphraseOption.source)
    let authority = try Authority.importing(
      certificatePEM: FileContents.readText(certificate), keyPEM: FileContents.readText(key), now: Date(),
      source: certificate, passphrase: memory.source)
    let passphrase = try memory.value ?? (protect ? passphraseOption.new() : nil)
    try authority.save(to: directory, passphrase: passphrase)
    Console.out(
      "\(directory)/ca.crt: \(authority.facts.subject), valid until \(authority.facts.notAfter.day)")
  }
}
