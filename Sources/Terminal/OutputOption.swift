import Arguments

/// The format of a result.
package struct OutputOption: ParsableArguments {
  package enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

  @Option(help: "Format of the result.")
  package var output = Format.text

  package init() {}
}
