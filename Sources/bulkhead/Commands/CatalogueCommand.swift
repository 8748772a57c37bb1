import Arguments
import Catalogue
import Glibc
import Reporting
import StrictYAML
import Terminal

extension CatalogueForm: ExpressibleByArgument {}

struct CatalogueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalogue",
    abstract: "List what each component needs in etcd, and where Calico's published tables are wrong.",
    discussion: """
      Each line shows what the program does with the keys, what happens without the grant, and the source file that \
      proves it.

        bulkhead catalogue cni-plugin --calico v3.29
        bulkhead catalogue --compare
      """)

  @Argument(help: "A component; without one, all components.") var component: String?
  @Option(help: "Calico's version.") var calico = "v3.32"
  @Flag(help: "For an unknown release, use the nearest one in the catalogue.") var assume = false
  @Option(help: "Which form: corrected or documented.") var roles = CatalogueForm.corrected
  @Option(name: .customLong("feature"), help: "A feature in use; may be repeated.") var features: [String] =
    []
  @Option(help: "OpenStack's region, if one is configured.") var region: String?
  @Flag(help: "Compare the published tables with the corrected ones: what is missing, what is too much.")
  var compare = false
  @Flag(name: .customLong("features"), help: "List the features.") var listsFeatures = false
  @Flag(help: "Print the whole catalogue as a Markdown page: Documentation/catalogue.md.") var markdown =
    false
  @OptionGroup var outputOption: OutputOption

  func run() async throws {
    let catalogue = try Catalogue.embedded()
    if markdown { return Console.write(CatalogueMarkdown.text(catalogue), to: STDOUT_FILENO) }
    if listsFeatures {
      return try Console.out(FeatureReport(catalogue), outputOption)
    }
    let release = try CalicoRelease.known(calico, assuming: assume)
    for feature in features where !catalogue.features.contains(where: { $0.name == feature }) {
      let near = NearestWord.of(feature, among: catalogue.features.map(\.name))
      throw CommandError(
        "unknown feature '\(feature)'",
        hint: near.map { "did you mean '\($0)'?" } ?? "'bulkhead catalogue --features' lists them")
    }
    let installation = try Installation(release: release, features: Set(features), region: region)
    let components = try component.map { name in
      guard let component = catalogue[name] else {
        throw CommandError(
          "unknown component '\(name)'",
          hint: NearestWord.hint(for: name, among: catalogue.components.map(\.name)))
      }
      return [component]
    }
    let chosen = components ?? catalogue.components
    if compare {
      try Console.out(CatalogueComparisonReport(chosen, for: installation), outputOption)
    } else {
      try Console.out(CatalogueReport(chosen, form: roles, for: installation), outputOption)
    }
  }
}
