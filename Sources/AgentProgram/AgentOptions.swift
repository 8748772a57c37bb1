import Agent
import Arguments
import Credentials
import FoundationEssentials
import Log
import Processes
import Terminal

/// What an agent is asked to do, as `bulkhead agent` and `bulkhead-agent` read it.
struct AgentOptions: ParsableArguments {
  enum Reason: String, ExpressibleByArgument, CaseIterable {
    case keyCompromise = "key-compromise"
    case newAuthority = "new-authority"
    case requested

    var value: RenewalReason {
      switch self {
      case .keyCompromise: .keyCompromise
      case .newAuthority: .newAuthority
      case .requested: .requested
      }
    }
  }

  @Option(name: [.short, .long], help: "The agent's file; paths in it are relative to its folder.")
  var config = "/etc/bulkhead/agent.yaml"
  @Flag(help: "Get what is missing or due, and end.") var once = false
  @Flag(help: "Report whether the files can be used, without network access.") var check = false
  @Option(
    help: """
      With --once: replace each certificate although it is not due, and give this reason. The old ones stay valid until \
      'bulkhead certs revoke'.
      """) var renew: Reason?
  @Flag(help: "As --check, but exit with 0 although one is due.") var probe = false
  @Option(help: "Seconds for which --once retries a source that is unreachable (default: 60).")
  var timeout: Int?
  @OptionGroup var logOption: LogOption
  @OptionGroup var outputOption: OutputOption

  /// - Parameter program: how it is called.
  static func discussion(program: String) -> String {
    """
    Gets certificates from Vault or OpenBao, from 'bulkhead authority serve', or from a folder that another program \
    fills; renews them at two thirds of their lifetime; replaces key and certificate together. While the source is \
    unreachable, the files stay and the agent retries. On a member of etcd it can keep the revocation list current.

      \(program) --config /etc/bulkhead/agent.yaml            run until SIGTERM
      \(program) --config /etc/bulkhead/agent.yaml --once     get what is missing or due, and end
      \(program) --config /etc/bulkhead/agent.yaml --once --renew key-compromise   get another now
      \(program) --config /etc/bulkhead/agent.yaml --check    report, without network access or changes
      \(program) --config /etc/bulkhead/agent.yaml --probe    the same for a probe: a due certificate is fine

    A running agent checks at once on SIGHUP, and gets new certificates on SIGUSR1.

    Credentials for the source come from files or the environment ($VAULT_TOKEN, $BULKHEAD_TOKEN). The file is \
    described in Documentation/agent.md.

    Exit codes of --once and --check: 0 all is well, 2 a renewal is due and every certificate still good, \
    1 a certificate cannot be used. Of --probe: 0 every certificate can be used, 1 one cannot.
    """
  }

  func validate() throws {
    guard [once, check, probe].count(where: { $0 }) <= 1 else {
      throw ValidationError("--once, --check and --probe exclude each other")
    }
    guard renew == nil || once else { throw ValidationError("--renew is for --once") }
    guard let timeout else { return }
    guard once else { throw ValidationError("--timeout is for --once") }
    guard (0...86_400).contains(timeout) else { throw ValidationError("--timeout takes 0 to 86400 seconds") }
  }

  func run() async throws {
    let configuration = try AgentConfiguration(
      file: config, environment: ProcessInfo.processInfo.environment)
    let log = Logger(label: "bulkhead", format: logOption.logFormat)
    var agent = try Agent(configuration, log: log)
    let problems = ProcessMemory.protect()
    guard once || check || probe else {
      for problem in problems { log.info("\(problem)") }
      try await AgentService.run(agent, listen: configuration.listen, log: log)
      return
    }
    if let renew { agent.request(renew.value) }
    let standings = try check || probe ? agent.check() : await agent.once(timeout: .seconds(timeout ?? 60))
    if once { await agent.leave() }
    try Console.out(AgentReport(standings), outputOption)
    // With --once the log has them.
    if check || probe {
      for standing in standings {
        guard let fault = standing.fault else { continue }
        Console.note(
          "\(standing.identity): \(fault)" + (standing.hint.map { "\nhint: \($0)" } ?? ""))
      }
    }
    let code = probe ? AgentStanding.probeExitCode(standings) : AgentStanding.exitCode(standings)
    if code != 0 { throw ExitCode(code) }
  }
}
