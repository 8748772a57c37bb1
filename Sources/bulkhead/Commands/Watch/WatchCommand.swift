import Agent
import Arguments
import FoundationEssentials
import Names
import Reporting
import Services
import Terminal
import Verification

struct WatchCommand: AsyncParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Look at intervals whether etcd still is as in the file; metrics for Prometheus.",
    discussion: """
      Each look compares users and roles with the file, as 'plan' does, and the members with each other. While neither \
      the file nor a user or role changes, a look makes the same few calls, however many users there are. It changes nothing, \
      except that --end-access removes people whose access is over.

      Prints a line at the first look and when something has changed. --on-change runs a program then, with the line in \
      JSON on its standard input. /metrics, /live and /ready are served over HTTP: see Documentation/watch.md, \
      and Examples/watch for alerts, a dashboard, a systemd unit and manifests. Ends at SIGTERM and SIGINT.

        bulkhead watch --interval 1m --verify-every 1d
        bulkhead watch --once --output json
      """)

  @Flag(help: "Look once, and end.") var once = false
  @Option(help: ArgumentHelp("The time between two looks: 30s, 5m.", valueName: "time"))
  var interval = Interval(seconds: 60)
  @Option(
    help: ArgumentHelp(
      """
      Also prove it at this interval, such as 1d, as 'verify' does, with the certificates on this machine; with --once, \
      once. Each proof writes lines to the members' logs.
      """, valueName: "time"))
  var verifyEvery: Interval?
  @Option(help: ArgumentHelp("Where to serve metrics over HTTP; 'none' to serve none.", valueName: "address"))
  var listen = "127.0.0.1:9815"
  @Option(
    help: ArgumentHelp(
      "A program to run when something has changed, for at most a minute.", valueName: "path"))
  var onChange: String?
  @Flag(help: "Remove users that 'bulkhead access' made, when their time is over.") var endAccess = false
  @Option(help: "Format of the lines.") var output = Format.text
  @OptionGroup var advisoryOptions: AdvisoryOptions
  @OptionGroup var fileArgument: FileArgument
  @OptionGroup var nodesOption: NodesOption
  @OptionGroup var timeoutOption: TimeoutOption

  private var fileOption: FileOption { fileArgument.fileOption }

  func validate() throws {
    if let verifyEvery, verifyEvery.seconds < 60 {
      throw ValidationError("--verify-every takes 1m or more")
    }
    if nodesOption.nodes == "-" {
      throw ValidationError("--nodes - can be read once, and watch reads the list at each look")
    }
    if listen != "none", ListenAddress(listen) == nil {
      throw ValidationError("--listen takes an address and a port, such as 127.0.0.1:9815, or none")
    }
    if once, onChange != nil { throw ValidationError("--on-change has no effect with --once") }
  }

  func run() async throws {
    let watcher = try Watcher(
      fileOption, nodesOption, timeout: timeoutOption.duration, advisories: try advisoryOptions.list(),
      accepting: advisoryOptions.accept, verifyEvery: verifyEvery?.duration, endsAccess: endAccess)
    let metrics = WatchMetrics()
    let service = WatchService(
      watcher, interval: interval.duration, metrics: metrics, isJSON: output == .json, onChange: onChange)
    guard !once else {
      let state = await service.once()
      if state.problem != nil { throw ExitCode(1) }
      if state.needsAction { throw ExitCode(2) }
      return
    }
    var services: [any Service] = [service]
    if listen != "none", let address = ListenAddress(listen) {
      let limit = max(600, 3 * Double(interval.seconds))
      services.append(
        StatusServer(
          StatusAnswers(
            isLive: { metrics.isLive(within: limit, now: Date()) },
            unready: { metrics.hasLooked ? nil : "starting\n" }, metrics: { metrics.text() }),
          listen: address
        ) { Console.note("metrics at http://\(address.text(port: Int($0)))/metrics") })
    }
    try await ServiceGroup(
      services, gracefulShutdownSignals: [.sigterm, .sigint],
      maximumGracefulShutdownDuration: .seconds(10)
    ).run()
  }
}
