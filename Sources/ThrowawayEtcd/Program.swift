import FoundationEssentials

/// A program on this machine.
enum Program {
  /// The absolute path of a program, given by path or by name. A name is searched on the PATH, then in
  /// Debian's folders for programs and servers.
  static func find(_ name: String) throws -> String {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let candidates =
      name.contains("/") ? [name] : (folders + ["/usr/bin", "/usr/sbin"]).map { "\($0)/\(name)" }
    guard let path = candidates.first(where: FileManager.default.isExecutableFile) else {
      throw ThrowawayEtcdError(
        "unknown program '\(name)'", hint: "install Debian's etcd-server, or give its path with --etcd")
    }
    return URL(fileURLWithPath: path).path
  }
}
