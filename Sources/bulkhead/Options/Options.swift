import Arguments
import Files
import Reporting
import Segmentation
import Terminal

/// The segmentation file that a verb works on.
struct FileOption: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: "The segmentation file; paths in it are relative to its folder. '-' reads standard input.")
  var file = EnvironmentVariable.file.value ?? "bulkhead.yaml"

  init() {}
  init(file: String) { self.file = file }
}

/// The segmentation file of a verb that takes it as an argument too: `bulkhead lint FILE`.
struct FileArgument: ParsableArguments {
  @Argument(help: ArgumentHelp("The segmentation file, as --file names it.", valueName: "file"))
  var path: String?
  @OptionGroup var option: FileOption

  func validate() throws {
    if path != nil, option.file != FileOption().file {
      throw ValidationError("the file is named twice: as an argument and with --file")
    }
  }

  var fileOption: FileOption { path.map(FileOption.init(file:)) ?? option }
}

/// The list of nodes, if it is not in the file.
struct NodesOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The nodes, instead of those in the file: one name per line, or the output of 'kubectl get nodes -o json'; '-' reads standard input.",
      valueName: "file"))
  var nodes: String?

  /// kubectl lists every image of every node, so the text may be long.
  private static let limit = 1 << 30

  static func read(_ path: String) throws -> NodeList {
    try NodeList(
      FileContents.readText(StandardInput.path(path, as: "--nodes"), limit: limit),
      file: StandardInput.name(path))
  }
}

/// The format of what a check found.
struct FindingsOutputOption: ParsableArguments {
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, sarif, junit }

  @Option(help: "Format of the result: text, or for programs JSON, SARIF 2.1.0 or JUnit's XML.")
  var output = Format.text
}

extension FindingSeverity: ExpressibleByArgument {}

extension Console {
  /// Prints the result of a check in the requested format.
  /// - Parameters:
  ///   - file: The segmentation file.
  ///   - severity: The least severity that counts.
  static func out(
    _ report: some CheckReport, _ option: FindingsOutputOption, file: String,
    counting severity: FindingSeverity
  ) throws {
    switch option.output {
    case .text: try out(report, .text)
    case .json: try out(report, .json)
    case .sarif: out(try JSON.text(SARIFReport(report.result(file: file, counting: severity))))
    case .junit: out(JUnitReport.text(report.result(file: file, counting: severity)))
    }
  }
}

/// The timeout of calls to etcd.
struct TimeoutOption: ParsableArguments {
  @Option(help: "Seconds that a single call to etcd may take.")
  var timeout = EnvironmentVariable.timeout.value.map { Int($0) ?? 0 } ?? 8

  func validate() throws {
    guard (1...3600).contains(timeout) else {
      throw ValidationError(
        EnvironmentVariable.timeout.value == nil
          ? "--timeout takes 1 to 3600 seconds"
          : "--timeout, or \(EnvironmentVariable.timeout.rawValue), takes 1 to 3600 seconds")
    }
  }

  var duration: Duration { .seconds(timeout) }
}
