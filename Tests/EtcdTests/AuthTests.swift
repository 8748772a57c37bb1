import Foundation
import Keyspace
import TestClusters
import TestSupport
import Testing
import ThrowawayEtcd

@testable import Etcd

@Suite("Users, roles and permissions", .realEtcd, .timeLimit(.minutes(30)))
struct AuthTests {
  @Test("users, roles and permissions are read back as written", arguments: EtcdRelease.client)
  func roundTrip(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release)
    let (user, role) = (unique("user"), unique("role"))
    try await cluster.connect { etcd async throws in
      let permissions = [
        Permission(Grant(.key("/one"), .write)), Permission(Grant(.prefix("/many/"), .read)),
        Permission(Grant(KeyRange(from: "/open", to: nil), .readwrite)),
        Permission(Grant(KeyRange(from: Key([0, 0xff]), to: Key([1, 0, 0x27])), .read)),
      ]
      try await etcd.addRole(role)
      for permission in permissions { try await etcd.grant(permission, toRole: role) }
      #expect(Set(try await etcd.permissions(ofRole: role)) == Set(permissions))
      try await etcd.addUser(user)
      try await etcd.grant(role: role, toUser: user)
      #expect(try await etcd.users().contains(user))
      #expect(try await etcd.roles().contains(role))
      #expect(try await etcd.roles(ofUser: user) == [role])

      try await etcd.revoke(permissions[1], fromRole: role)
      #expect(Set(try await etcd.permissions(ofRole: role)) == Set(permissions).subtracting([permissions[1]]))
      try await etcd.revoke(role: role, fromUser: user)
      #expect(try await etcd.roles(ofUser: user).isEmpty)
      try await etcd.deleteUser(user)
      try await etcd.deleteRole(role)
      #expect(try await !etcd.users().contains(user))
      #expect(try await !etcd.roles().contains(role))
    }
  }

  @Test("existing and missing objects give different errors", arguments: EtcdRelease.client)
  func typedErrors(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release)
    let (user, role) = (unique("user"), unique("role"))
    let permission = Permission(Grant(.prefix("/k"), .read))
    try await cluster.connect { etcd async throws in
      try await etcd.addUser(user)
      try await etcd.addRole(role)
      #expect(try await failure { try await etcd.addUser(user) } == .alreadyExists)
      #expect(try await failure { try await etcd.addRole(role) } == .alreadyExists)
      #expect(try await failure { try await etcd.deleteUser("nobody") } == .notFound)
      #expect(try await failure { try await etcd.deleteRole("nothing") } == .notFound)
      #expect(try await failure { _ = try await etcd.roles(ofUser: "nobody") } == .notFound)
      #expect(try await failure { _ = try await etcd.permissions(ofRole: "nothing") } == .notFound)
      #expect(try await failure { try await etcd.grant(permission, toRole: "nothing") } == .notFound)
      #expect(try await failure { try await etcd.revoke(permission, fromRole: role) } == .notFound)
      #expect(try await failure { try await etcd.grant(role: role, toUser: "nobody") } == .notFound)
      #expect(try await failure { try await etcd.grant(role: "nothing", toUser: user) } == .notFound)
      #expect(try await failure { try await etcd.revoke(role: role, fromUser: user) } == .notFound)
      #expect(try await failure { try await etcd.deleteUser("root") } == .invalidArgument)
      // A second link is not an error and changes nothing.
      try await etcd.grant(role: role, toUser: user)
      try await etcd.grant(role: role, toUser: user)
      #expect(try await etcd.roles(ofUser: user) == [role])
    }
  }

  @Test("clients without the root role, or without a user, are refused", arguments: EtcdRelease.client)
  func refusals(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release)
    let user = unique("user")
    try await cluster.connect { try await $0.addUser(user) }
    try await cluster.connect(as: user) { etcd async throws in
      #expect(try await failure { _ = try await etcd.users() } == .permissionDenied)
      #expect(try await failure { try await etcd.addUser("other") } == .permissionDenied)
      #expect(try await failure { try await etcd.disableAuth() } == .permissionDenied)
      #expect(try await failure { try await etcd.put([], at: "/k") } == .permissionDenied)
      #expect(try await failure { _ = try await etcd.value(of: "/k") } == .permissionDenied)
      #expect(try await etcd.roles(ofUser: user) == [])
    }
    try await cluster.connect(as: unique("stranger")) { etcd async throws in
      #expect(try await failure { _ = try await etcd.users() } == .notFound)
      #expect(try await failure { _ = try await etcd.value(of: "/k") } == .permissionDenied)
      #expect(await etcd.mayAdminister() == .denied)
    }
  }

  @Test("a user name that would crash etcd is never sent", arguments: EtcdRelease.client)
  func longNames(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release)
    let longest = unique(String(repeating: "n", count: 120)) + "-"
    let name = longest + String(repeating: "x", count: 128 - longest.utf8.count)
    try await cluster.connect { etcd in
      try await etcd.addUser(name)
      #expect(try await etcd.users().contains(name))
      #expect(try await failure { try await etcd.addUser(name + "x") } == .invalidArgument)
      #expect(try await failure { try await etcd.addUser("") } == .invalidArgument)
    }
  }

  // Not on a shared cluster: etcd restarts a login if users or roles have changed while it compared the
  // password, so it never answers while they change all the time (etcd, `server/etcdserver/v3_server.go`).
  @Test("the empty password works only for a user that has it", arguments: EtcdRelease.client)
  func emptyPasswords(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.secure()
      try await cluster.connect { etcd in
        try await etcd.addUser("bare")
        try await etcd.addUser("open", password: "")
        try await etcd.addUser("closed", password: "secret")
        #expect(try await etcd.tryEmptyPassword(ofUser: "bare") == .noPassword)
        #expect(try await etcd.tryEmptyPassword(ofUser: "open") == .open)
        #expect(try await etcd.tryEmptyPassword(ofUser: "closed") == .refused)
        #expect(try await etcd.tryEmptyPassword(ofUser: "nobody") == .refused)
        #expect(try await failure { _ = try await etcd.login("closed", password: "wrong") } == .loginFailed)
        // The token takes precedence over root's certificate.
        let client = try await etcd.login("closed", password: "secret")
        #expect(try await failure { _ = try await client.users() } == .permissionDenied)
      }
    }
  }

  @Test(
    "authentication cannot be turned on without a user root with the role root", arguments: EtcdRelease.client
  )
  func enabling(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.connect { etcd async throws in
        #expect(try await !etcd.isAuthEnabled())
        #expect(try await failure { try await etcd.enableAuth() } == .rootUserMissing)
        try await etcd.addUser("root")
        #expect(try await failure { try await etcd.enableAuth() } == .rootRoleMissing)
        // Before the role root exists.
        try await etcd.grant(role: "root", toUser: "root")
        try await etcd.enableAuth()
        try await etcd.enableAuth()
        #expect(try await etcd.isAuthEnabled())
        try await etcd.disableAuth()
        try await etcd.disableAuth()
        #expect(try await !etcd.isAuthEnabled())
      }
    }
  }

  @Test("a member that ignores certificates sees no user", arguments: EtcdRelease.client)
  func noIdentity(release: EtcdRelease) async throws {
    var options = ThrowawayEtcd.Options()
    options.clientCertAuth = false
    try await TestCluster.with(release, options: options) { cluster in
      try await cluster.secure()
      try await cluster.connect { etcd async throws in
        #expect(try await failure { _ = try await etcd.users() } == .noIdentity)
        #expect(try await failure { try await etcd.put([], at: "/k") } == .noIdentity)
        guard case .inconclusive(let error) = await etcd.mayWatch(.key("/k")) else {
          // 3.5.1 answers "permission denied" to a client without a user.
          #expect(await etcd.mayWatch(.key("/k")) == .denied)
          return
        }
        #expect(error.code == .noIdentity)
      }
    }
  }

  @Test(
    "a login with JSON Web Tokens is repeated when users or roles have changed", arguments: EtcdRelease.one)
  func jsonWebTokens(release: EtcdRelease) async throws {
    let folder = try TemporaryFolder()
    let key = "\(folder.path)/key"
    try String(repeating: "k", count: 64).write(toFile: key, atomically: true, encoding: .utf8)
    let options = ThrowawayEtcd.Options(
      extraArguments: ["--auth-token=jwt,sign-method=HS256,priv-key=\(key),ttl=10m"])
    try await TestCluster.with(release, options: options) { cluster in
      try await cluster.connect { try await $0.addUser("reader", withPassword: "secret") }
      try await cluster.secure()
      try await cluster.connect { etcd async throws in
        let reader = try await etcd.login("reader", password: "secret")
        #expect(try await reader.roles(ofUser: "reader") == [])
        try await etcd.addRole("changed")
        #expect(try await duration { _ = try await reader.roles(ofUser: "reader") } < .seconds(20))
      }
    }
  }
}
