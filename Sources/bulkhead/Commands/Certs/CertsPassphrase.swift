import Arguments
import Certificates
import Files
import FoundationEssentials
import Glibc
import Synchronization
import Terminal

/// Where the passphrase of an authority's key comes from: a file, the environment or a prompt; never an
/// argument, which every user of the machine can read.
struct PassphraseOption: ParsableArguments {
  static let variable = "BULKHEAD_PASSPHRASE"

  @Option(
    help: "A file whose first line is the passphrase of the authority's key; else $\(variable), or a prompt.")
  var passphraseFile: String?

  var source: PassphraseSource {
    let file = passphraseFile
    return { what in
      if let file { return try Self.read(file) }
      return try Self.fromEnvironment() ?? Self.prompt("passphrase of \(what)")
    }
  }

  /// For a second authority of the same command.
  static var prompting: PassphraseSource { { try prompt("passphrase of \($0)") } }

  /// Reads a new passphrase of at least ``shortest`` bytes; a prompt asks for it twice.
  func new() throws -> Passphrase {
    let passphrase = try newOfAnyLength()
    guard passphrase.count >= Self.shortest else {
      throw CommandError(
        "the new passphrase is shorter than \(Self.shortest) bytes",
        hint: "use several words that nothing quotes")
    }
    return passphrase
  }

  /// NIST SP 800-63B, section 5.1.1.1.
  private static let shortest = 8

  private func newOfAnyLength() throws -> Passphrase {
    if let passphraseFile { return try Self.read(passphraseFile) }
    if let given = try Self.fromEnvironment() { return given }
    let first = try Self.line(prompt: "new passphrase")
    guard try Self.line(prompt: "the same again") == first else {
      throw CommandError("the two passphrases differ", hint: "nothing was written; try again")
    }
    return try Passphrase(first)
  }

  private static func read(_ file: String) throws -> Passphrase {
    let bytes = try FileContents.readSecret(file, limit: 1 << 16, mayBePipe: true)
    return try Passphrase(Array(bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }))
  }

  private static func fromEnvironment() throws -> Passphrase? {
    try ProcessInfo.processInfo.environment[variable].map { try Passphrase(Array($0.utf8)) }
  }

  private static func prompt(_ text: String) throws -> Passphrase { try Passphrase(line(prompt: text)) }

  /// Reads a line without echo.
  private static func line(prompt: String) throws -> [UInt8] {
    guard Console.isTerminal(STDIN_FILENO), Console.isTerminal(STDERR_FILENO) else {
      throw CommandError(
        "a passphrase is needed, and there is no terminal to ask on",
        hint: "give it with --passphrase-file or in $\(variable)")
    }
    var state = termios()
    tcgetattr(STDIN_FILENO, &state)
    var quiet = state
    quiet.c_lflag &= ~tcflag_t(ECHO)
    Console.write("\(prompt): ", to: STDERR_FILENO)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet)
    defer {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &state)
      Console.write("\n", to: STDERR_FILENO)
    }
    return Array((readLine() ?? "").utf8)
  }
}

/// Keeps an entered passphrase for later use.
final class PassphraseMemory: Sendable {
  private let known = Mutex<Passphrase?>(nil)
  private let origin: PassphraseSource

  init(_ origin: @escaping PassphraseSource) { self.origin = origin }

  var value: Passphrase? { known.withLock { $0 } }
  var source: PassphraseSource {
    { what in
      let passphrase = try self.origin(what)
      self.known.withLock { $0 = passphrase }
      return passphrase
    }
  }
}
