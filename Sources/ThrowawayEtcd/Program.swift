import Foundation

/// A program on this machine.
enum Program {
  /// The absolute path of a program given by path or by a name on the PATH. A name that is not on the PATH is looked for where
  /// Debian keeps servers too.
  static func find(_ name: String) throws -> String {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let candidates =
      name.contains("/") ? [name] : (folders + ["/usr/bin", "/usr/sbin"]).map { "\($0)/\(name)" }
    guard let path = candidates.first(where: FileManager.default.isExecutableFile) else {
      throw ThrowawayEtcdError(
        "there is no program '\(name)'", hint: "install Debian's etcd-server, or give its path with --etcd")
    }
    return URL(fileURLWithPath: path).path
  }
}
