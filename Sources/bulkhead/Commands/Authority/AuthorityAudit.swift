import Arguments
import AuthorityServer
import Reporting
import Terminal

struct AuthorityAudit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Check that audit logs hold each line that the server wrote, unchanged and in order.",
    discussion: """
        bulkhead authority audit --verify audit.log.2 audit.log.1 audit.log

      Each line has a chain value: a hash of the line and of the chain value before it. The chain has no key, so a \
      writer of the whole file can make another chain: compare with a value that is kept elsewhere. The server logs \
      one on standard error whenever it opens the file; give it with --known.

      The first line must begin a chain. If a rotation has removed older files, give with --start the chain value after \
      which the oldest file goes on: the server logged it when it opened that file. If a release before 0.2.0 wrote the \
      first lines, which have no chain value, give their number with --unchained.

      Exit code 1 if a line was changed, inserted or removed, or if no line has a chain value.
      """)

  @Argument(help: "Audit logs, the oldest first.") var files: [String]
  @Flag(help: "Check the chain of the lines.") var verify = false
  @Option(help: "A chain value that one of the lines must have, from the server's log.") var known: String?
  @Option(help: "The chain value that the first line must follow, from the server's log.") var start: String?
  @Option(help: "How many lines at the beginning have no chain value.") var unchained = 0
  @OptionGroup var outputOption: OutputOption

  func validate() throws {
    guard verify else { throw ValidationError("say what to do with the files: --verify") }
    for (name, value) in [("--known", known), ("--start", start)] {
      guard let value else { continue }
      guard value.utf8.count == 64, value.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) else {
        throw ValidationError("\(name) takes 64 hexadecimal digits")
      }
    }
    guard unchained >= 0 else { throw ValidationError("--unchained takes a number of lines") }
  }

  func run() async throws {
    let verification = try AuditVerification(
      files, known: known?.lowercased(), start: start?.lowercased(), unchained: unchained)
    try Console.out(AuditReport(verification: verification), outputOption)
    if !verification.isWhole { throw ExitCode(1) }
  }
}

/// The result of checking audit logs.
struct AuditReport: TextReport, Sendable {
  let verification: AuditVerification

  func encode(to encoder: any Encoder) throws { try verification.encode(to: encoder) }

  func text(_ style: Style) -> String {
    var lines = verification.faults.map { fault in
      let place = fault.line > 0 ? "\(fault.file):\(fault.line): " : ""
      return style.strong("\(place)\(fault.problem)")
    }
    lines.append("\(verification.lines) lines follow from the lines before them")
    if verification.unchained > 0 {
      lines.append(
        "\(verification.unchained) lines before the first chain value have none: nothing proves them"
      )
    }
    if verification.incomplete > 0 {
      lines.append(
        "\(verification.incomplete) lines are incomplete, as the server leaves them when it is killed: nothing proves them"
      )
    }
    if let start = verification.start { lines.append("chain value before the first line: \(start)") }
    if let head = verification.head { lines.append("newest chain value: \(head)") }
    return lines.joined(separator: "\n")
  }
}
