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
  @Option(help: "Seconds for which --once retries a source that is unreachable.") var timeout = 60
  @OptionGroup var logOption: LogOption
  @OptionGroup var outputOption: OutputOption

  /// - Parameter program: how it is called.
  static func discussion(program: String) -> String {
    """
    Gets certificates from Vault or OpenBao, from 'bulkhead authority serve', or from a folder that another program \
    fills; renews them at two thirds of their lifetime; replaces key and certificate together. While the source is \
    unreachable, the files stay and the agent retries. On a member of etcd it can keep the revocation list current.

      \(program) --config /etc/bulkhead/agent.yaml            run until SIGTERM; SIGHUP checks at once
      \(program) --config /etc/bulkhead/agent.yaml --once     get what is missing or due, and end
      \(program) --config /etc/bulkhead/agent.yaml --once --renew key-compromise   get another now
      \(program) --config /etc/bulkhead/agent.yaml --check    for a probe: without network access or changes

    Credentials for the source come from files or the environment ($VAULT_TOKEN, $BULKHEAD_TOKEN). The file is \
    described in Documentation/agent.md.

    Exit codes of --once and --check: 0 all is well, 2 a renewal is due and every certificate still good, \
    1 a certificate cannot be used.
    """
  }

  func validate() throws {
    guard !(once && check) else { throw ValidationError("--once and --check exclude each other") }
    guard renew == nil || once else { throw ValidationError("--renew is for --once") }
    guard (0...86_400).contains(timeout) else { throw ValidationError("--timeout takes 0 to 86400 seconds") }
  }

  func run() async throws {
    let configuration = try AgentConfiguration(
      file: config, environment: ProcessInfo.processInfo.environment)
    let log = Logger(label: "bulkhead", format: logOption.logFormat)
    var agent = try Agent(configuration, log: log)
    let problems = ProcessMemory.protect()
    guard once || check else {
      for problem in problems { log.info("\(problem)") }
      try await AgentService.run(agent, listen: configuration.listen, log: log)
      return
    }
    if let renew { agent.request(renew.value) }
    let standings = try check ? agent.check() : await agent.once(timeout: .seconds(timeout))
    if once { await agent.leave() }
    try Console.out(AgentReport(standings), outputOption)
    let code = AgentStanding.exitCode(standings)
    if code != 0 { throw ExitCode(code) }
  }
}
