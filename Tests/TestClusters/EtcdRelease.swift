import Foundation
import TestSupport
import Testing

/// A release of etcd that the tests run against.
package struct EtcdRelease: Hashable, Sendable, CustomTestStringConvertible {
  package let version: String

  /// The oldest supported minor release, the releases before and after the lazy permission cache, and one in
  /// which most vulnerabilities are fixed.
  package static let wanted = ["3.4.23", "3.5.1", "3.5.16", "3.5.30"].map(EtcdRelease.init)
  package static var missing: [EtcdRelease] { wanted.filter { !$0.isInstalled } }
  /// The releases to test; with CI set all of them, so that a missing one fails.
  package static let all = isCI ? wanted : wanted.filter(\.isInstalled)
  package static let isCI = ProcessInfo.processInfo.environment["CI"] != nil
  /// The usual choice: whatever differs between releases differs between these.
  package static let main = all.filter { $0.version != "3.5.16" }
  /// One release, for tests whose result does not depend on it.
  package static let one = Array(all.suffix(1))

  /// The newest of each maintained minor release. No distribution has them, so they are tested only if they
  /// are installed.
  package static let newest = ["3.5.35", "3.6.16", "3.7.3"].map(EtcdRelease.init).filter(\.isInstalled)
  /// For the client itself, which must work with every release: the usual ones and the newest.
  package static let client = main + newest
  /// The release that most new clusters run, or else the last one installed.
  package static let current = Array((newest.filter { $0.version == "3.6.16" } + one).prefix(1))
  /// For what 3.5 and 3.6 do differently.
  package static let oneAndCurrent = one + current.filter { !one.contains($0) }

  package var testDescription: String { "etcd \(version)" }
  package var server: String { "\(folder)/etcd" }
  package var etcdctl: String { "\(folder)/etcdctl" }
  var isInstalled: Bool {
    [server, etcdctl].allSatisfy(FileManager.default.isExecutableFile)
  }

  private var folder: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: ".tools/etcd/\(version)").path
  }
}

extension Trait where Self == ConditionTrait {
  /// Marks a suite that starts etcd, and skips it if no etcd is installed or such tests are left out.
  package static var realEtcd: Self {
    .enabled(
      if: runsEtcdTests && !EtcdRelease.all.isEmpty,
      "no etcd under .tools/etcd (tools/need-tests installs them), or left out by make check")
  }
}
