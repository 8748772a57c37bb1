import Etcd
import Keyspace
import Text

/// Command lines of etcdctl for bash.
enum EtcdctlCommand {
  /// An etcdctl command with its arguments, followed by the range of a permission if one is given.
  static func line(
    _ command: [String], _ arguments: [String], _ permission: Permission? = nil, flags: [String] = []
  ) -> String {
    let (rangeFlags, range) = permission.map(self.range) ?? ([], [])
    let flags = flags + rangeFlags
    let values = arguments.map { Array($0.utf8) } + range
    // Arguments with a zero byte cannot be written in bash; the line is printed as a comment.
    if values.contains(where: { $0.contains(0) }) {
      let words = ["etcdctl"] + command + values.map { Key($0).description } + flags
      return "# an argument cannot hold a zero byte: \(words.joined(separator: " "))"
    }
    // etcdctl takes nothing after two dashes for a flag.
    let hasDash = values.contains { $0.first == UInt8(ascii: "-") }
    let rest = hasDash ? flags + ["--"] + values.map(ShellWord.bash) : values.map(ShellWord.bash) + flags
    return (["etcdctl"] + command + rest).joined(separator: " ")
  }

  /// The same, with the user's password file as standard input.
  static func line(_ command: [String], _ arguments: [String], password user: String) -> String {
    let etcdctl = line(command, arguments, flags: ["--interactive=false"])
    return "\(etcdctl) < \(ShellWord.bash(Array("\(user).password".utf8)))"
  }

  /// The key and range end of a permission as etcdctl's flags and arguments.
  private static func range(_ permission: Permission) -> (flags: [String], values: [[UInt8]]) {
    let range = permission.grant.range
    if permission.rangeEnd.isEmpty { return ([], [permission.key]) }
    if let prefix = range.prefix { return (["--prefix"], [prefix.bytes]) }
    if range.upper == nil { return (["--from-key"], [permission.key]) }
    return ([], [permission.key, permission.rangeEnd])
  }
}
