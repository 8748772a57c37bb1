import Arguments
import Keyspace

/// Keys that no user but administrators has to reach.
struct UnreachableOption: ParsableArguments {
  @Option(
    name: .customLong("unreachable"),
    help: ArgumentHelp(
      "What keys begin with that no program uses, although they exist and no user of the file reaches them; may be repeated.",
      valueName: "prefix"))
  var prefixes: [String] = []

  func validate() throws {
    for text in prefixes where Key(escaped: text) == nil {
      throw ValidationError(
        "--unreachable takes a prefix of keys, with \\xNN for other bytes, found '\(text)'")
    }
  }

  var keys: [Key] { prefixes.compactMap { Key(escaped: $0) } }
}
