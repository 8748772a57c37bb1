import Credentials
import FoundationEssentials
import Log
import Names
import Processes
import Services

/// The agent as a process that runs until it is stopped.
package struct AgentService: Service {
  /// The longest time between two checks, so that a changed clock, a damaged file, and an installer that
  /// emptied the CNI plugin's folder are noticed within a minute.
  private static let longestPause = 60.0
  private static let shortestPause = 0.1

  private let agent: Agent
  private let board: AgentStatus

  init(_ agent: Agent, board: AgentStatus) {
    self.agent = agent
    self.board = board
  }

  /// Runs the agent, and its HTTP server if configured, until SIGTERM or SIGINT. SIGHUP triggers a check at
  /// once, SIGUSR1 new certificates.
  /// - Throws: if it cannot listen on the address.
  package static func run(_ agent: Agent, listen: ListenAddress?, log: Logger) async throws {
    let board = AgentStatus()
    var services: [any Service] = [AgentService(agent, board: board)]
    if let listen { services.append(StatusServer(board.answers(started: Date()), listen: listen)) }
    let group = ServiceGroup(
      services, gracefulShutdownSignals: [.sigterm, .sigint],
      maximumGracefulShutdownDuration: .seconds(10))
    try await group.run()
    await agent.leave()
    log.info("stopped")
  }

  private enum Wake { case time, check, renewal }

  package func run() async throws {
    let (wakes, wake) = AsyncStream.makeStream(of: Wake.self, bufferingPolicy: .bufferingNewest(2))
    let signals = await SignalSequence(trapping: .sighup, .sigusr1)
    let requests = Task { for await signal in signals { wake.yield(signal == .sigusr1 ? .renewal : .check) } }
    defer { requests.cancel() }
    await cancelWhenGracefulShutdown {
      var agent = agent
      var timer: Task<Void, any Error>?
      wake.yield(.time)
      for await event in wakes {
        if event == .renewal { agent.request(.requested) }
        let round = await agent.look(isAsked: event != .time)
        if Task.isCancelled { return }
        board.show(round.standings, at: Date())
        let pause = min(max(round.next.timeIntervalSinceNow, Self.shortestPause), Self.longestPause)
        timer?.cancel()
        timer = Task {
          try await Task.sleep(for: .seconds(pause))
          wake.yield(.time)
        }
        // An agent sleeps for most of its life.
        ProcessMemory.giveBackCode()
      }
    }
  }
}
