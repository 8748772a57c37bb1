import Glibc
import Synchronization
import Terminal

/// Standard input, which `-` names where a file is expected.
enum StandardInput {
  private static let reader = Mutex<String?>(nil)

  /// The path to read: the given one, or that of standard input for `-`.
  /// - Parameter what: the argument, for messages: `--since`, `the manifest`.
  /// - Throws: ``CommandError`` if another argument reads standard input already.
  static func path(_ path: String, as what: String) throws -> String {
    guard path == "-" else { return path }
    try claim(for: what)
    return "/dev/stdin"
  }

  /// - Throws: ``CommandError`` if another argument reads standard input already.
  static func claim(for what: String) throws {
    let other = reader.withLock { reader in
      defer { reader = reader ?? what }
      return reader
    }
    if let other, other != what {
      throw CommandError(
        "\(other) and \(what) both read standard input", hint: "name a file for one of them")
    }
    if other == nil, Console.isTerminal(STDIN_FILENO) {
      Console.note("reading \(what) from the terminal: Ctrl-D ends it, Ctrl-C goes back")
    }
  }

  /// What a file is called in messages.
  static func name(_ path: String) -> String { path == "-" ? "standard input" : path }
}
