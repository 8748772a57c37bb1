import Certificates
import FoundationEssentials
import Keyspace
import Names
import TestClusters
import Testing

@testable import Etcd
@testable import ThrowawayEtcd

@Suite("TLS with members", .realEtcd, .timeLimit(.minutes(30)))
struct TLSTests {
  private func error(
    _ endpoint: Endpoint, as credentials: ClientCredentials
  ) async -> EtcdError? {
    await #expect(throws: EtcdError.self) {
      try await EtcdClient.connect(to: [endpoint], as: credentials, timeout: .seconds(10)) {
        _ = try await $0.members()
      }
    }
  }

  private func authority(_ folder: String) throws -> Authority {
    try Authority.importing(
      certificatePEM: String(contentsOfFile: "\(folder)/ca.crt", encoding: .utf8),
      keyPEM: String(contentsOfFile: "\(folder)/ca.key", encoding: .utf8), now: Date())
  }

  @Sendable private func write(_ credential: Credential, _ path: String) throws {
    try credential.certificatePEM.write(toFile: "\(path).crt", atomically: true, encoding: .utf8)
    try credential.key.secretPEM().write(toFile: "\(path).key", atomically: true, encoding: .utf8)
  }

  @Test(
    "a server certificate that cannot be trusted is an error with the cause", arguments: EtcdRelease.client)
  func serverCertificates(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      // etcd reads its certificate for each connection.
      let servers = try authority("\(cluster.etcd.directory)/etcd-ca")
      let stranger = try Authority.create(name: "permission denied", lifetime: .seconds(3600), now: Date())
      let path = "\(cluster.etcd.directory)/etcd-1/server"
      let address = [try HostName("127.0.0.1")]
      let now = Date()
      for (credential, words) in [
        (
          try servers.issue(
            peer: "etcd-1", hosts: [try HostName("10.0.0.1"), try HostName("etcd.example")],
            lifetime: .seconds(3600), now: now), "the certificate is not for 127.0.0.1 but for "
        ),
        (
          try servers.issue(
            peer: "etcd-1", hosts: address, lifetime: .seconds(60), now: now.addingTimeInterval(-90)),
          " expired on 20"
        ),
        (
          try stranger.issue(peer: "etcd-1", hosts: address, lifetime: .seconds(3600), now: now),
          "unknown authority (issued by CN=permission denied"
        ),
      ] {
        try write(credential, path)
        let found = await error(cluster.etcd.endpoints[0], as: cluster.etcd.root)
        #expect(found?.code == .unavailable && found?.wasNotProcessed == true)
        #expect(found?.message.contains(words) == true, "\(String(describing: found))")
      }
      // A name is looked for among the names, and an address among the addresses.
      try write(
        try servers.issue(
          peer: "etcd-1", hosts: [try HostName("localhost")], lifetime: .seconds(3600), now: now), path)
      let port = cluster.etcd.endpoints[0].port
      let members = try await EtcdClient.connect(
        to: [try Endpoint("https://localhost:\(port)")], as: cluster.etcd.root
      ) { try await $0.members().count }
      #expect(members == 1)
      let wrongName = await error(cluster.etcd.endpoints[0], as: cluster.etcd.root)
      #expect(wrongName?.message.contains("localhost") == true)
      #expect(wrongName?.hint?.contains("'etcd.tls-server-name'") == true)
      // As the hint says: through a port-forward, with the name that the certificate has.
      let root = cluster.etcd.root
      let named = ClientCredentials(
        authority: root.authority, certificate: root.certificate, key: root.key, serverName: "localhost")
      let seen = try await EtcdClient.connect(to: cluster.etcd.endpoints, as: named) { etcd in
        try await ClusterMembers.read(etcd, as: named)
      }
      #expect(seen.asked == "1 of 1 member")
      #expect(try await Metrics.read(from: cluster.etcd.endpoints[0], as: named).authRevision != nil)
      _ = try await EtcdClient.serverCertificate(of: cluster.etcd.endpoints[0], as: named)
    }
  }

  @Test("a port on plain HTTP is told from one that is closed", arguments: EtcdRelease.current)
  func plainHTTP(release: EtcdRelease) async throws {
    let port = try #require(try FreePorts.take(1).first)
    let options = ThrowawayEtcd.Options(extraArguments: ["--listen-metrics-urls=http://127.0.0.1:\(port)"])
    try await TestCluster.with(release, options: options) { cluster in
      let plain = await error(try Endpoint("https://127.0.0.1:\(port)"), as: cluster.etcd.root)
      #expect(plain?.code == .unavailable)
      #expect(plain?.message.contains("does not speak TLS") == true, "\(String(describing: plain))")
      let closed = await error(try Endpoint("https://127.0.0.1:1"), as: cluster.etcd.root)
      #expect(closed?.message == "connection refused by 127.0.0.1:1")
      let nowhere = await error(try Endpoint("https://no-such-name.invalid:2379"), as: cluster.etcd.root)
      #expect(nowhere?.message.contains("no-such-name.invalid") == true)
    }
  }

  @Test("a renewed client certificate counts from the next connection on", arguments: EtcdRelease.client)
  func renewed(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      try await cluster.secure()
      try await cluster.connect { try await $0.addUser("alice") }
      let clients = try authority(cluster.etcd.clientAuthority)
      let path = "\(cluster.etcd.directory)/changing"
      @Sendable func issue(_ user: String) throws {
        try write(
          try clients.issue(client: user, lifetime: .seconds(3600), now: Date(), allowRoot: true), path)
      }
      try issue("alice")
      let credentials = ClientCredentials(
        authority: cluster.etcd.serverAuthority, certificate: "\(path).crt", key: "\(path).key")
      try await EtcdClient.connect(to: cluster.etcd.endpoints, as: credentials) { etcd async throws in
        #expect(try await failure { _ = try await etcd.users() } == .permissionDenied)
        try issue("root")
        // The connection is still the one that was made as alice.
        #expect(try await failure { _ = try await etcd.users() } == .permissionDenied)
        cluster.etcd.members[0].stop()
        let member = try cluster.etcd.members[0].startAgain()
        defer { member.stop() }
        let end = ContinuousClock.now + .seconds(30)
        var users: [String]?
        while users == nil, ContinuousClock.now < end {
          users = try? await etcd.users()
          try await Task.sleep(for: .milliseconds(50))
        }
        #expect(users == ["alice", "root"])
      }
    }
  }

  @Test("a member's certificate is seen in the handshake", arguments: EtcdRelease.client)
  func seen(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release)
    let der = try await EtcdClient.serverCertificate(
      of: cluster.etcd.endpoints[0], as: try cluster.credentials(of: "root"))
    #expect(!der.isEmpty)
    let nobody = ClientCredentials(
      authority: "\(cluster.etcd.clientAuthority)/ca.crt", certificate: cluster.etcd.root.certificate,
      key: cluster.etcd.root.key)
    await #expect(throws: EtcdError.self) {
      _ = try await EtcdClient.serverCertificate(of: cluster.etcd.endpoints[0], as: nobody)
    }
  }
}
