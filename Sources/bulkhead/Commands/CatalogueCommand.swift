import Arguments
import Catalogue
import Glibc
import Reporting

extension CatalogueForm: ExpressibleByArgument {}

struct CatalogueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalogue",
    abstract: "What each component needs in etcd, and where the published tables are wrong.",
    discussion: """
      Each line carries what the program does with the keys, what happens if it is refused, and the file of the \
      source that shows it.

        bulkhead catalogue cni-plugin --calico v3.29
        bulkhead catalogue --compare
      """)

  @Argument(help: "A component; all of them if there is none.") var component: String?
  @Option(help: "Calico's version.") var calico = "v3.32"
  @Flag(help: "Take the nearest known release for one that the catalogue does not know.") var assume = false
  @Option(help: "Which form: corrected or documented.") var roles = CatalogueForm.corrected
  @Option(name: .customLong("feature"), help: "A feature in use; may be repeated.") var features: [String] =
    []
  @Option(help: "OpenStack's region, where one is configured.") var region: String?
  @Flag(help: "Show the published tables against the corrected ones: what is missing, what is too much.")
  var compare = false
  @Flag(name: .customLong("features"), help: "List the features.") var listsFeatures = false
  @Flag(help: "Print all of it as a Markdown page: this makes Documentation/catalogue.md.") var markdown =
    false
  @OptionGroup var outputOption: OutputOption

  func run() async throws {
    let catalogue = try Catalogue.embedded()
    if markdown { return Console.write(CatalogueMarkdown.text(catalogue), to: STDOUT_FILENO) }
    if listsFeatures {
      let report = FeatureReport(catalogue)
      return Console.out(outputOption.output == .json ? try JSON.text(report) : report.text(Console.style))
    }
    let release = try CalicoRelease.known(calico, assuming: assume)
    for feature in features where !catalogue.features.contains(where: { $0.name == feature }) {
      throw Complaint("there is no feature '\(feature)'", hint: "'bulkhead catalogue --features' lists them")
    }
    let installation = try Installation(release: release, features: Set(features), region: region)
    let components = try component.map { name in
      guard let component = catalogue[name] else {
        throw Complaint(
          "there is no component '\(name)'",
          hint: "known: \(catalogue.components.map(\.name).joined(separator: ", "))")
      }
      return [component]
    }
    let chosen = components ?? catalogue.components
    switch (compare, outputOption.output) {
    case (true, .text): Console.out(CatalogueComparisonReport(chosen, for: installation).text(Console.style))
    case (true, .json): Console.out(try JSON.text(CatalogueComparisonReport(chosen, for: installation)))
    case (false, .text):
      Console.out(CatalogueReport(chosen, form: roles, for: installation).text(Console.style))
    case (false, .json): Console.out(try JSON.text(CatalogueReport(chosen, form: roles, for: installation)))
    }
  }
}
