import Foundation
import Testing

/// A release of etcd that the tests run against.
public struct EtcdRelease: Hashable, Sendable, CustomTestStringConvertible {
  public let version: String

  /// The oldest supported line, the two sides of the lazy permission cache, and one with most holes mended.
  public static let wanted = ["3.4.23", "3.5.1", "3.5.16", "3.5.30"].map(EtcdRelease.init)
  public static var missing: [EtcdRelease] { wanted.filter { !$0.isInstalled } }
  /// Those to test; all of them where CI is set, so that a missing one fails.
  public static let all = isCI ? wanted : wanted.filter(\.isInstalled)
  public static let isCI = ProcessInfo.processInfo.environment["CI"] != nil
  /// The usual choice: what differs between releases differs between these.
  public static let main = all.filter { $0.version != "3.5.16" }
  /// One release, for what does not differ.
  public static let one = Array(all.suffix(1))

  public var testDescription: String { "etcd \(version)" }
  public var server: String { "\(folder)/etcd" }
  public var etcdctl: String { "\(folder)/etcdctl" }
  var isInstalled: Bool {
    [server, etcdctl].allSatisfy(FileManager.default.isExecutableFile)
  }

  private var folder: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: ".tools/etcd/\(version)").path
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips a suite where no etcd is installed.
  public static var realEtcd: Self {
    .enabled(if: !EtcdRelease.all.isEmpty, "no etcd under .tools/etcd: tools/need-tests installs them")
  }
}
