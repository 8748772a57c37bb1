import Files
import Foundation
import Glibc
import Processes

extension AgentConfiguration.AfterChange {
  /// A minute is ample to reload a service, and no certificate waits much longer for it.
  private static let limit = Duration.seconds(60)

  /// - Throws: ``KeeperFault`` where it was not done; it is tried again.
  func run() async throws {
    switch self {
    case .command(let words):
      var environment = ProcessInfo.processInfo.environment
      // Credentials for the source are nobody else's.
      for name in ["BULKHEAD_TOKEN", "VAULT_TOKEN"] { environment[name] = nil }
      let run = ProgramRun(words, environment: environment, limit: Self.limit)
      if let complaint = await run.complaint() {
        throw KeeperFault(
          "the command after a change, \(words.first ?? ""), \(complaint)",
          hint: "run it by hand; it is run again at the next look")
      }
    case .signal(let signal, let pidFile):
      try send(signal.number, pidFile)
    }
  }

  /// A process that is not there has read nothing old.
  private func send(_ signal: Int32, _ pidFile: String) throws {
    guard let bytes = try FileContents.readIfPresent(pidFile, limit: 64) else { return }
    let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    // Numbers below 2 mean a group of processes or the first of all.
    guard let process = pid_t(text), process > 1 else {
      throw KeeperFault("\(pidFile) holds no process id", hint: "is it the right file?")
    }
    guard kill(process, signal) == 0 || errno == ESRCH else {
      throw KeeperFault(
        "process \(process) of \(pidFile) cannot be signalled", hint: "run the agent as root or as its owner")
    }
  }
}

extension AgentConfiguration.Signal {
  fileprivate var number: Int32 {
    switch self {
    case .hangup: SIGHUP
    case .user1: SIGUSR1
    case .user2: SIGUSR2
    case .terminate: SIGTERM
    }
  }
}
