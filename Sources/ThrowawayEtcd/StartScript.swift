import Etcd
import Files
import Names
import Text

extension ThrowawayEtcd {
  /// Writes two scripts to the folder: `start`, which runs the stopped members again, and `etcdctl.env`, with
  /// which etcdctl reaches them as the administrator.
  package func writeScripts() throws {
    let starts = members.map { member in
      "timeout --signal=KILL 3600 \(member.command.map(ShellWord.posix).joined(separator: " ")) >>\(ShellWord.posix(member.log)) 2>&1 &"
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
      export ETCDCTL_CACERT=\(ShellWord.posix(root.authority))
      export ETCDCTL_CERT=\(ShellWord.posix(root.certificate))
      export ETCDCTL_KEY=\(ShellWord.posix(root.key))

      """
    try AtomicFile.write(
      [
        NewFile(name: "start", bytes: Array(start.utf8), mode: 0o755),
        NewFile(name: "etcdctl.env", bytes: Array(environment.utf8), mode: 0o644),
      ], in: directory)
  }
}
