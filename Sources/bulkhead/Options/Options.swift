import Arguments
import Files
import Segmentation

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
    let isInput = path == "-"
    return try NodeList(
      FileContents.readText(isInput ? "/dev/stdin" : path, limit: limit),
      file: isInput ? "standard input" : path)
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
