import Endpoints
import Etcd
import Files

extension ThrowawayEtcd {
  /// Writes two scripts to the folder: `start`, which runs the stopped members again, and `etcdctl.env`, with
  /// which etcdctl reaches them as the administrator.
  package func writeScripts() throws {
    let starts = members.map { member in
      "timeout --signal=KILL 3600 \(member.command.map(Self.quoted).joined(separator: " ")) >>\(Self.quoted(member.log)) 2>&1 &"
    }
    let start = """
      #!/bin/sh
      # Runs the members again until Ctrl-C, for an hour at most. Then, in another terminal: . ./etcdctl.env
      pids=
      trap 'kill $pids 2>/dev/null' EXIT INT TERM
      \(starts.map { "\($0)\npids=\"$pids $!\"" }.joined(separator: "\n"))
      echo "running: \(endpoints.map(\.description).joined(separator: " "))"
      wait

      """
    let environment = """
      # . ./etcdctl.env && etcdctl user list
      export ETCDCTL_API=3
      export ETCDCTL_ENDPOINTS=\(endpoints.map(\.description).joined(separator: ","))
      export ETCDCTL_CACERT=\(Self.quoted(root.authority))
      export ETCDCTL_CERT=\(Self.quoted(root.certificate))
      export ETCDCTL_KEY=\(Self.quoted(root.key))

      """
    try AtomicFile.write(
      [
        NewFile(name: "start", bytes: Array(start.utf8), mode: 0o755),
        NewFile(name: "etcdctl.env", bytes: Array(environment.utf8), mode: 0o644),
      ], in: directory)
  }

  /// A word in single quotes of the shell.
  private static func quoted(_ word: String) -> String {
    "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
