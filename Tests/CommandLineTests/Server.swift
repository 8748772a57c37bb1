import Foundation
import Testing

/// The etcd releases that `make test` has put into `.tools/etcd`.
struct Server: CustomTestStringConvertible, Sendable {
  let version: String
  let members: Int

  var binary: String { "\(Program.root)/.tools/etcd/\(version)/etcd" }
  var etcdctl: String { "\(Program.root)/.tools/etcd/\(version)/etcdctl" }
  var testDescription: String { "etcd \(version), \(members) member\(members == 1 ? "" : "s")" }

  /// With CI set, a missing release is a failure instead of a reason to test less.
  private var isThere: Bool {
    ProcessInfo.processInfo.environment["CI"] != nil || FileManager.default.isExecutableFile(atPath: binary)
  }

  static let all = [
    Server(version: "3.4.23", members: 1), Server(version: "3.4.23", members: 3),
    Server(version: "3.5.1", members: 3),
    Server(version: "3.5.30", members: 1), Server(version: "3.5.30", members: 3),
  ].filter(\.isThere)
}
