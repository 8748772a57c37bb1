import Arguments
import Certificates
import Segmentation
import StrictYAML
import Terminal

/// How long a revocation list is valid.
struct RevocationListOption: ParsableArguments {
  @Option(help: "The list's nextUpdate, from now: 30d.") var nextUpdate =
    "30d"

  func validate() throws { _ = try lifetime }

  var validity: Duration { .seconds((try? lifetime.seconds) ?? Lifetime.ninetyDays.seconds) }

  private var lifetime: Lifetime {
    get throws {
      guard let lifetime = Lifetime(nextUpdate) else {
        throw ValidationError("--next-update takes a number and a unit: 30d, 12h")
      }
      return lifetime
    }
  }
}

struct CertsRevocationList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crl",
    abstract: "Write a new revocation list, with a new date and number.",
    discussion: """
      Writes crl.der beside the authority, in DER, which every etcd reads. Copy it to each member by a rename: a member \
      that finds its list missing or broken refuses every client.
      """)

  @OptionGroup var listOption: RevocationListOption
  @OptionGroup var fileOption: FileOption
  @OptionGroup var passphraseOption: PassphraseOption

  func run() async throws {
    let workspace = try Workspace(fileOption)
    let list = try workspace.issuer(passphraseOption).writeRevocationList(
      in: workspace.authority, validity: listOption.validity)
    Console.note(written: list)
  }
}
