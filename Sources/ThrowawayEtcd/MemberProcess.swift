import FoundationEssentials
import Glibc
import Names
import Processes

/// One running etcd member.
package struct MemberProcess: Sendable {
  package let name: String
  package let endpoint: Endpoint
  package let log: String
  /// The program and its arguments, to start the member again.
  package let command: [String]
  private let lifetime: Duration
  /// The process group that contains only this member.
  private let group: pid_t

  static func start(
    name: String, program: String, directory: String, clientPort: Int, peerPort: Int, peers: String,
    options: ThrowawayEtcd.Options
  ) throws -> MemberProcess {
    let folder = "\(directory)/\(name)"
    let log = "\(folder)/etcd.log"
    let client = "https://127.0.0.1:\(clientPort)"
    let peer = "https://127.0.0.1:\(peerPort)"
    let command =
      [
        program,
        "--name=\(name)", "--data-dir=\(folder)/data", "--logger=zap",
        "--listen-client-urls=\(client)", "--advertise-client-urls=\(client)",
        "--cert-file=\(folder)/server.crt", "--key-file=\(folder)/server.key",
        "--client-cert-auth=\(options.clientCertAuth)",
        "--trusted-ca-file=\(directory)/\(options.hasGateway ? "etcd-ca/both.crt" : "pki/ca.crt")",
        "--listen-peer-urls=\(peer)", "--initial-advertise-peer-urls=\(peer)",
        "--peer-cert-file=\(folder)/peer.crt", "--peer-key-file=\(folder)/peer.key",
        "--peer-client-cert-auth", "--peer-trusted-ca-file=\(directory)/etcd-ca/ca.crt",
        "--initial-cluster=\(peers)", "--initial-cluster-state=new", "--initial-cluster-token=bulkhead",
        "--enable-grpc-gateway=\(options.hasGateway)",
      ] + (options.quotaBackendBytes.map { ["--quota-backend-bytes=\($0)"] } ?? []) + options.extraArguments
    return MemberProcess(
      name: name, endpoint: try Endpoint(client), log: log, command: command,
      lifetime: options.lifetime, group: try launch(command, log: log, lifetime: options.lifetime))
  }

  /// Starts the member again after it was stopped, with the same arguments; it reads its authorities again.
  /// - Parameters:
  ///   - program: Another etcd program, as in a rolling upgrade; nil for the same one.
  ///   - arguments: More arguments; if a flag is given twice, etcd uses the last.
  package func startAgain(
    with program: String? = nil, adding arguments: [String] = []
  ) throws -> MemberProcess {
    let command = (program.map { [$0] + self.command.dropFirst() } ?? self.command) + arguments
    return MemberProcess(
      name: name, endpoint: endpoint, log: log, command: command, lifetime: lifetime,
      group: try Self.launch(command, log: log, lifetime: lifetime))
  }

  private static func launch(_ command: [String], log: String, lifetime: Duration) throws -> pid_t {
    let output = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard output >= 0 else { throw ThrowawayEtcdError("cannot write \(log)", hint: "is the disk full?") }
    defer { close(output) }
    do {
      // `timeout` ends the member in any case, and leads a process group that a signal reaches as a whole.
      return try ChildProcess(
        ["/usr/bin/timeout", "--signal=KILL", "\(lifetime.components.seconds)"] + command,
        output: .descriptor(output), error: .descriptor(output)
      ).id
    } catch {
      throw ThrowawayEtcdError(
        "cannot start \(command.first ?? ""): \(error)", hint: "install Debian's etcd-server")
    }
  }

  package var isRunning: Bool { kill(group, 0) == 0 }

  /// Stops the member with SIGTERM, and with SIGKILL if it does not end within five seconds.
  package func stop() {
    send(SIGTERM)
    for _ in 0..<100 where isRunning { usleep(50_000) }
    if isRunning { crash() }
  }

  /// Kills the member, as a power cut would.
  package func crash() {
    send(SIGKILL)
    for _ in 0..<100 where isRunning { usleep(10_000) }
  }

  /// Stops the process with SIGSTOP: its connections stay open and it does not answer.
  /// Returns when each of its threads has stopped: a thread that has not may still answer.
  package func pause() {
    send(SIGSTOP)
    for _ in 0..<200 where !isStopped { usleep(5_000) }
  }
  package func resume() { send(SIGCONT) }

  /// The last three lines of the member's log.
  var endOfLog: String {
    let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").suffix(3).joined(separator: "\n")
  }

  private func send(_ signal: Int32) { kill(-group, signal) }

  /// Whether the kernel reports the state "T" for each thread of etcd (proc(5), `/proc/pid/task/tid/stat`).
  private var isStopped: Bool {
    let children =
      (try? String(contentsOfFile: "/proc/\(group)/task/\(group)/children", encoding: .utf8)) ?? ""
    return children.split(separator: " ").allSatisfy { process in
      let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
      return threads.allSatisfy { thread in
        let path = "/proc/\(process)/task/\(thread)/stat"
        guard let state = try? String(contentsOfFile: path, encoding: .utf8) else { return true }
        // The name of the program stands in parentheses and may contain any character.
        return state.split(separator: ")").last?.hasPrefix(" T") ?? true
      }
    }
  }
}
