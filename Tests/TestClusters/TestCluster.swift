import Certificates
import Etcd
import Foundation
import Names
import Synchronization
import TestSupport
import ThrowawayEtcd

/// A throw-away cluster with helpers for tests.
package struct TestCluster: Sendable {
  package let release: EtcdRelease
  package let etcd: ThrowawayEtcd

  /// Starts a cluster for one test, and stops it. Only a few run at a time.
  package static func with<Result>(
    _ release: EtcdRelease, members: Int = 1, options: ThrowawayEtcd.Options = .init(),
    _ body: (TestCluster) async throws -> Result
  ) async throws -> Result {
    try await with(release, members: members, prepared: { _ in options }, body)
  }

  /// - Parameter prepared: Called with the cluster's folder before it exists.
  package static func with<Result>(
    _ release: EtcdRelease, members: Int = 1, prepared: (_ folder: String) throws -> ThrowawayEtcd.Options,
    _ body: (TestCluster) async throws -> Result
  ) async throws -> Result {
    await Places.shared.take()
    do {
      let cluster = try await start(release, members: members, prepared: prepared)
      do {
        let result = try await body(cluster)
        cluster.remove()
        await Places.shared.giveBack()
        return result
      } catch {
        cluster.remove()
        throw error
      }
    } catch {
      await Places.shared.giveBack()
      throw error
    }
  }

  static func start(
    _ release: EtcdRelease, members: Int, prepared: (_ folder: String) throws -> ThrowawayEtcd.Options
  ) async throws -> TestCluster {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "bulkhead-test-\(UUID().uuidString.prefix(8))").path
    var options = try prepared(folder)
    options.lifetime = .seconds(3000)
    return TestCluster(
      release: release,
      etcd: try await .start(members: members, binary: release.server, in: folder, options: options))
  }

  func remove() {
    etcd.stop()
    try? FileManager.default.removeItem(atPath: etcd.directory)
  }

  // MARK: - who asks

  /// A certificate of the user, issued at the first call.
  package func credentials(of user: String) throws -> ClientCredentials {
    let authority = try Authority.importing(
      certificatePEM: String(contentsOfFile: "\(etcd.clientAuthority)/ca.crt", encoding: .utf8),
      keyPEM: String(contentsOfFile: "\(etcd.clientAuthority)/ca.key", encoding: .utf8), now: Date())
    let issued = try CredentialDirectory("\(etcd.clientAuthority)/clients").issueMissing(
      [user], by: authority, lifetime: .seconds(3600), now: Date(), allowRoot: true)
    guard let one = issued.first else { throw CommandFailure("no certificate was issued for \(user)") }
    return ClientCredentials(
      authority: etcd.serverAuthority, certificate: one.certificatePath, key: one.keyPath)
  }

  /// Connects to all members.
  package func connect<Result: Sendable>(
    as user: String = "root", timeout: Duration = .seconds(30),
    _ body: @Sendable (EtcdClient) async throws -> Result
  ) async throws -> Result {
    try await EtcdClient.connect(
      to: etcd.endpoints, as: try credentials(of: user), timeout: timeout, body)
  }

  /// Creates root and turns authentication on at every member.
  package func secure() async throws {
    try await connect { etcd in
      try await etcd.addUser("root")
      try await etcd.grant(role: "root", toUser: "root")
      try await etcd.enableAuth()
      for endpoint in etcd.endpoints {
        guard try await eventually({ try await etcd.only(endpoint).isAuthEnabled() }) else {
          throw NotSecured(endpoint: endpoint)
        }
      }
    }
  }

  // MARK: - etcdctl

  /// Runs etcdctl of the same release.
  /// - Throws: ``CommandFailure`` with its output if it fails.
  @discardableResult
  package func etcdctl(_ arguments: String..., as user: String = "root") async throws -> String {
    let environment = try self.environment(as: user)
    return try await Command.run(release.etcdctl, arguments, environment: environment)
  }

  /// Runs lines of bash that call etcdctl.
  @discardableResult
  package func bash(_ lines: [String], as user: String = "root") async throws -> String {
    var environment = try self.environment(as: user)
    let folder = URL(fileURLWithPath: release.etcdctl).deletingLastPathComponent().path
    environment["PATH"] = "\(folder):/usr/bin:/bin"
    return try await Command.run(
      "/bin/bash", ["-c", (["set -eu"] + lines).joined(separator: "\n")], environment: environment)
  }

  private func environment(as user: String) throws -> [String: String] {
    let credentials = try credentials(of: user)
    return [
      "ETCDCTL_API": "3", "ETCDCTL_ENDPOINTS": etcd.endpoints.map(\.description).joined(separator: ","),
      "ETCDCTL_CACERT": credentials.authority, "ETCDCTL_CERT": credentials.certificate,
      "ETCDCTL_KEY": credentials.key,
    ]
  }
}

/// Limits how many clusters run at a time.
private actor Places {
  static let shared = Places()
  private var free = 2
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func take() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  func giveBack() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}

/// A member that does not turn authentication on with the others.
struct NotSecured: Error {
  let endpoint: Endpoint
}
