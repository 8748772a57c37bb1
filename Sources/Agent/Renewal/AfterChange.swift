import AgentFile
import Files
import FoundationEssentials
import Glibc
import Processes

extension AgentDelivery.AfterChange {
  /// One minute: enough to reload a service, and short enough for the other certificates that wait.
  private static let limit = Duration.seconds(60)

  /// - Throws: ``KeeperFault`` if it failed; the action is retried.
  func run() async throws {
    switch self {
    case .command(let words):
      var environment = ProcessInfo.processInfo.environment
      // Other programs must not get the credentials for the source.
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

  /// If the process does not exist, nothing uses the old certificate.
  private func send(_ signal: Int32, _ pidFile: String) throws {
    guard let (bytes, owner) = try FileContents.readOwned(pidFile, limit: 64) else { return }
    let text = String(decoding: bytes, as: UTF8.self).trimmed
    // Numbers below 2 mean a process group or the init process.
    guard let process = pid_t(text), process > 1 else {
      throw KeeperFault("\(pidFile) holds no process id", hint: "is it the right file?")
    }
    // Otherwise another user could name any process of this machine.
    guard FileOwner.isTrusted(owner) || Self.user(of: process) == owner else {
      throw KeeperFault(
        "\(pidFile) belongs to the user \(owner), and process \(process) does not",
        hint: "find out who wrote the file; a process is signalled by the file of root or of its own user")
    }
    guard kill(process, signal) == 0 || errno == ESRCH else {
      throw KeeperFault(
        "process \(process) of \(pidFile) cannot be signalled", hint: "run the agent as root or as its owner")
    }
  }

  /// The user of a process; nil if the process does not exist.
  private static func user(of process: pid_t) -> uid_t? {
    var status = stat()
    return stat("/proc/\(process)", &status) == 0 ? status.st_uid : nil
  }
}

extension AgentDelivery.Signal {
  fileprivate var number: Int32 {
    switch self {
    case .hangup: SIGHUP
    case .user1: SIGUSR1
    case .user2: SIGUSR2
    case .terminate: SIGTERM
    }
  }
}
