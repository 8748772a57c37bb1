import Etcd
import Foundation
import Keyspace
import Segmentation
import Synchronization
import TestClusters
import Testing

@testable import Reconciliation

@Suite("Users with passwords", .realEtcd, .timeLimit(.minutes(30)))
struct PasswordTests {
  /// A user with a certificate, and one with a password and its own role.
  private static let segmentation = Segmentation(
    cluster: "test",
    identities: [
      Identity(user: "root", purpose: .administrator, roles: ["root"]),
      Identity(user: "node", purpose: .custom, roles: ["node"]),
      Identity(user: "driver", purpose: .custom, roles: ["driver"], login: .password),
    ],
    roles: [
      Role(name: "node", grants: [Role.Line(Grant(.prefix("/calico/"), .read))]),
      Role(name: "driver", grants: [Role.Line(Grant(.prefix("/driver/"), .readwrite))]),
    ])
  private static let password = "first0123456789"

  private static func plan(_ etcd: EtcdClient, _ passwords: [String]) async throws -> Plan {
    let desired = DesiredState(segmentation)
    let state = try await ClusterState.observe(
      etcd, passwords: ["driver": passwords])
    return Plan(from: state, to: desired, applicant: "root")
  }

  private static func apply(_ etcd: EtcdClient, _ plan: Plan, password: String) async throws {
    try await Apply(etcd, password: { _ in password }).run(plan, desired: DesiredState(segmentation))
  }

  @Test(
    "is created with its password, which works for this user, while the empty one does not",
    arguments: EtcdRelease.main)
  func made(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.secure()
      try await cluster.connect { etcd in
        let plan = try await Self.plan(etcd, [])
        #expect(plan.changes.contains(.addPasswordUser("driver")) && plan.changes.contains(.addUser("node")))
        for change in plan.changes {
          #expect(!change.etcdctl.contains(Self.password) && !change.words.contains(Self.password))
        }
        try await Self.apply(etcd, plan, password: Self.password)
        #expect(try await Self.plan(etcd, [Self.password]).isEmpty)
        #expect(try await etcd.tryEmptyPassword(ofUser: "driver") == .refused)
        #expect(try await etcd.tryEmptyPassword(ofUser: "node") == .noPassword)
        let driver = try await etcd.login("driver", password: Self.password)
        #expect(await driver.mayWrite(.key("/driver/x")) == .allowed)
        #expect(await driver.mayWatch(.prefix("/driver/")) == .allowed)
        #expect(await driver.mayRead(.key("/calico/x")) == .denied)
        #expect(await driver.mayAdminister() == .denied)
        // Any of the candidates is accepted, as during an unfinished change.
        #expect(try await Self.plan(etcd, ["other", Self.password]).isEmpty)
      }
    }
  }

  @Test(
    "a wrong, an empty and a missing password are found, and the next apply corrects each",
    arguments: EtcdRelease.main)
  func mended(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.secure()
      try await cluster.connect { etcd in
        try await Self.apply(etcd, try await Self.plan(etcd, []), password: Self.password)
        let damages: [(made: [String], expected: [Change])] = [
          (
            ["etcdctl user passwd driver --interactive=false <<< another"],
            [.changePassword("driver")]
          ),
          (
            [
              "etcdctl user delete driver", "etcdctl user add driver: ",
              "etcdctl user grant-role driver driver",
            ],
            [.changePassword("driver")]
          ),
          (
            [
              "etcdctl user delete driver", "etcdctl user add driver --no-password",
              "etcdctl user grant-role driver driver",
            ],
            [.deleteUser("driver"), .addPasswordUser("driver"), .link(user: "driver", role: "driver")]
          ),
        ]
        for damage in damages {
          try await cluster.bash(damage.made)
          let plan = try await Self.plan(etcd, [Self.password])
          #expect(plan.changes == damage.expected, "\(damage.made)")
          try await Self.apply(etcd, plan, password: Self.password)
          #expect(try await Self.plan(etcd, [Self.password]).isEmpty, "\(damage.made)")
          #expect(try await etcd.tryEmptyPassword(ofUser: "driver") == .refused)
        }
      }
    }
  }

  @Test("etcdctl makes the same changes with the lines of the plan", arguments: EtcdRelease.one)
  func lines(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.secure()
      try await cluster.connect { etcd in
        let plan = try await Self.plan(etcd, [])
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try "\(Self.password)\n".write(
          toFile: "\(folder)/driver.password", atomically: true, encoding: .utf8)
        try await cluster.bash(["cd '\(folder)'"] + plan.changes.map(\.etcdctl))
        #expect(try await Self.plan(etcd, [Self.password]).isEmpty)
        let change = Change.changePassword("driver")
        try "second\n".write(toFile: "\(folder)/driver.password", atomically: true, encoding: .utf8)
        try await cluster.bash(["cd '\(folder)'", change.etcdctl])
        #expect(try await Self.plan(etcd, ["second"]).isEmpty)
        #expect(try await Self.plan(etcd, [Self.password]).changes == [change])
      }
    }
  }

  @Test("sends nothing for a password that is empty or too long", arguments: EtcdRelease.one)
  func refused(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release)
    let user = unique("refused")
    try await cluster.connect { etcd in
      for password in ["", String(repeating: "x", count: 73)] {
        #expect(
          try await failure { try await etcd.addUser(user, withPassword: password) } == .invalidArgument)
        #expect(
          try await failure { try await etcd.changePassword(ofUser: user, to: password) } == .invalidArgument)
      }
      let users = try await etcd.users()
      #expect(!users.contains(user))
    }
  }
}
