import Arguments
import Certificates
import Etcd
import FoundationEssentials
import Segmentation
import Terminal

struct CertsTrust: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trust",
    abstract: "Ask each member whether it accepts certificates of the authority.",
    discussion: """
      Connects to each member of the member list with a certificate that belongs to no user and is valid for an hour. \
      A member reads --trusted-ca-file at its start: add the authority to the file, restart the members one by one, and \
      ask again after each.

      Exit code 2 if a member is not known to accept them.
      """)

  @OptionGroup var fileOption: FileOption
  @OptionGroup var passphraseOption: PassphraseOption
  @OptionGroup var timeoutOption: TimeoutOption

  func run() async throws {
    let workspace = try Workspace(fileOption)
    let administrator = try workspace.administrator
    let folder = "\(workspace.authority)/trust-probe"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try workspace.issuer(passphraseOption).issueProbe(name: "probe", to: folder)
    let acceptance = try await MembersAcceptance(
      of: ClientCredentials(
        authority: administrator.authority, certificate: "\(folder)/probe.crt", key: "\(folder)/probe.key",
        serverName: administrator.serverName),
      besides: administrator, as: administrator, endpoints: workspace.file.etcd.endpoints,
      timeout: timeoutOption.duration)
    for line in acceptance.lines("its certificates") { Console.out(line) }
    let (accepting, all) = (acceptance.count(.accepted), acceptance.members.count)
    Console.out("\(accepting) of \(all) members accept certificates of \(workspace.authority)/ca.crt")
    guard accepting == all else {
      if acceptance.count(.refused) > 0 {
        Console.note(
          "hint: add \(workspace.authority)/ca.crt to the file of --trusted-ca-file of each member that refuses them, keep "
            + "the other authorities in it, and restart it; a member whose clock is behind refuses them too")
      }
      throw ExitCode(2)
    }
  }
}
