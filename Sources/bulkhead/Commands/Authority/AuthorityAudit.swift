import Arguments
import AuthorityServer
import Reporting

struct AuthorityAudit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Check that audit logs hold each line that the server wrote, unchanged and in order.",
    discussion: """
        bulkhead authority audit --verify audit.log.2 audit.log.1 audit.log

      Each line has a chain value: a hash of the line and of the chain value before it. The chain has no key, so a \
      writer of the whole file can make another chain: compare with a value that is kept elsewhere. The server logs \
      one on standard error whenever it opens the file; give it with --known.

      Exit code 1 if a line was changed, inserted or removed.
      """)

  @Argument(help: "Audit logs, the oldest first.") var files: [String]
  @Flag(help: "Check the chain of the lines.") var verify = false
  @Option(help: "A chain value that one of the lines must have, from the server's log.") var known: String?
  @OptionGroup var outputOption: OutputOption

  func validate() throws {
    guard verify else { throw ValidationError("say what to do with the files: --verify") }
    if let known, known.utf8.count != 64 { throw ValidationError("--known takes 64 hexadecimal digits") }
  }

  func run() async throws {
    let verification = try AuditVerification(files, known: known?.lowercased())
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
        "\(verification.unchained) lines have no chain value: an earlier release wrote them, and nothing proves them"
      )
    }
    if verification.incomplete > 0 {
      lines.append(
        "\(verification.incomplete) lines are incomplete: the server was killed before it sent the answers")
    }
    if let head = verification.head { lines.append("newest chain value: \(head)") }
    return lines.joined(separator: "\n")
  }
}
