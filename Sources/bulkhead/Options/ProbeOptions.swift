import Arguments
import Verification

/// What verify probes, and how fast.
struct ProbeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "With a user for each node: how many nodes are probed, 4 by default. All are compared with the file.",
      valueName: "n")
  )
  var sample: Int?

  @Flag(help: "Probe every node, and every identity in full.") var all = false

  @Option(help: "The sample of nodes follows from this number.") var seed = 0

  @Option(
    name: .customLong("identity"),
    help: ArgumentHelp("Probe only this identity; may be repeated.", valueName: "user"))
  var identities: [String] = []

  @Option(
    name: .customLong("member"),
    help: ArgumentHelp("Ask only this member; may be repeated.", valueName: "name"))
  var members: [String] = []

  @Option(help: ArgumentHelp("Requests a second at most.", valueName: "n")) var rate: Int?

  @Option(
    help: ArgumentHelp(
      "Lines that refused questions may add to the log of each member; the rest is left out.", valueName: "n")
  )
  var logLines = 20_000

  @Option(
    help: ArgumentHelp(
      "Probe with the certificates in this folder, such as that of a host, and with no others.",
      valueName: "directory"))
  var from: String?

  @Flag(
    help:
      "Issue certificates for 15 minutes where one is not on this machine, and one of no user. The ledger records them."
  )
  var issue = false

  func validate() throws {
    guard sample.map((1...1_000_000).contains) ?? true else {
      throw ValidationError("--sample takes 1 to 1000000")
    }
    if all, sample != nil { throw ValidationError("--all excludes --sample") }
    guard seed >= 0 else { throw ValidationError("--seed takes 0 or more") }
    guard rate.map((1...1_000_000).contains) ?? true else {
      throw ValidationError("--rate takes 1 to 1000000")
    }
    guard (0...100_000_000).contains(logLines) else {
      throw ValidationError("--log-lines takes 0 to 100000000")
    }
    if from != nil, issue || !identities.isEmpty {
      throw ValidationError("--from excludes --issue and --identity")
    }
  }

  /// More questions than these take an hour or so, and much memory.
  static let mostQuestions = 10_000_000

  /// The options that limit what is asked, as they were written.
  var limits: [String] {
    identities.map { "--identity \($0)" } + members.map { "--member \($0)" }
      + (from.map { ["--from \($0)"] } ?? [])
  }

  /// - Parameters:
  ///   - available: The users with a certificate at hand.
  ///   - also: Those among them whose certificate Bulkhead does not issue.
  func selection(available: Set<String>, also: Set<String>) -> ProbePlan.Selection {
    ProbePlan.Selection(
      nodes: all ? nil : sample ?? 4, isComplete: all, seed: UInt64(seed),
      users: identities.isEmpty && from == nil ? nil : from == nil ? Set(identities) : available,
      available: available, also: also, logLines: logLines, most: Self.mostQuestions)
  }
}
