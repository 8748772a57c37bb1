import Etcd
import Foundation
import Keyspace
import TestClusters
import TestSupport
import Testing
import ThrowawayEtcd

/// A folder with `bulkhead.yaml` for an etcd with authentication on, which several tests of a suite use one after
/// the other: each file has its own name of the cluster and its own users.
struct SharedEtcd {
  let folder: TemporaryFolder
  let cluster: TestCluster
  /// The file's name of the cluster; users of the file begin with it.
  let name: String

  /// - Parameter suite: Tests with the same one share an etcd.
  init(_ suite: String, release: EtcdRelease? = nil) async throws {
    let release = try #require(release ?? EtcdRelease.one.first)
    try await self.init(SharedClusters.all.cluster(release, for: suite))
  }

  /// A folder for a cluster that one test has alone.
  init(_ cluster: TestCluster) throws {
    folder = try TemporaryFolder()
    self.cluster = cluster
    name = unique("c")
  }

  func user(_ suffix: String) -> String { "\(name)-\(suffix)" }

  /// Keys below one of the name, so that no file grants what another one does; those of Calico and Kubernetes stay.
  private func own(_ grants: String) -> String {
    grants.replacing(/(prefix|key): \/(?!calico|registry)/) { "\($0.1): /\(name)/" }
  }

  /// Writes the file.
  /// - Parameter users: What each may do, by the suffix of its name: grants in YAML. Their keys are below ``name``.
  func write(_ users: [(suffix: String, grants: String)], more: String = "") throws {
    let root = try cluster.credentials(of: "root")
    let custom = users.map { "  - {user: \(user($0.suffix)), grants: [\(own($0.grants))]}" }.joined(
      separator: "\n")
    try """
    apiVersion: bulkhead/v1
    kind: Segmentation
    cluster: \(name)
    calico: {version: v3.30}
    etcd: {endpoints: [\(cluster.etcd.endpoints[0])], ca: \(root.authority), certificate: \(root.certificate), key: \(root.key)}
    certificates: {authority: {directory: \(cluster.etcd.clientAuthority)}}
    custom:
    \(custom)
    \(more)
    """.write(toFile: "\(folder.path)/bulkhead.yaml", atomically: true, encoding: .utf8)
  }

  func bulkhead(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(Program.path, arguments, in: folder.path)
  }

  /// Runs it, and expects this exit code.
  @discardableResult
  func expect(
    _ code: Int32, _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Program.Outcome {
    let outcome = try Program.run(Program.path, arguments, in: folder.path)
    #expect(outcome.code == code, "\(arguments): \(outcome.all)", sourceLocation: sourceLocation)
    return outcome
  }

  /// The users and roles of the file's name, the roles of each user, and the permissions of each role as they are in
  /// ``write(_:more:)``.
  func state() async throws -> [String: [String]] {
    try await cluster.connect { [name] etcd in
      var state: [String: [String]] = [:]
      for user in try await etcd.users() where user.hasPrefix("\(name)-") {
        state["user \(user)"] = try await etcd.roles(ofUser: user).sorted()
      }
      for role in try await etcd.roles() where role.hasPrefix("\(name)-") {
        state["role \(role)"] = try await etcd.permissions(ofRole: role).map {
          "\($0.grant)".replacing("/\(name)/", with: "/")
        }.sorted()
      }
      return state
    }
  }

  func json(_ outcome: Program.Outcome) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.out.utf8)) as? [String: Any], "\(outcome.all)")
  }
}
