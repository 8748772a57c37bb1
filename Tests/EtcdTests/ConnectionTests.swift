import Certificates
import Foundation
import Names
import TestClusters
import Testing
import ThrowawayEtcd

@testable import Etcd

@Suite("Connecting", .realEtcd, .timeLimit(.minutes(30)))
struct ConnectionTests {
  /// The error of a call, and how long it took.
  private func attempt(
    _ cluster: TestCluster, as credentials: ClientCredentials
  ) async throws -> (error: EtcdError?, time: Duration) {
    let start = ContinuousClock.now
    do {
      try await EtcdClient.connect(
        to: cluster.etcd.endpoints, as: credentials, timeout: .seconds(30)
      ) { _ = try await $0.members() }
      return (nil, ContinuousClock.now - start)
    } catch let error as EtcdError {
      return (error, ContinuousClock.now - start)
    }
  }

  private func write(_ credential: Credential, named name: String, in folder: String) throws -> (
    certificate: String, key: String
  ) {
    let paths = (certificate: "\(folder)/\(name).crt", key: "\(folder)/\(name).key")
    try credential.certificatePEM.write(toFile: paths.certificate, atomically: true, encoding: .utf8)
    try credential.key.secretPEM().write(toFile: paths.key, atomically: true, encoding: .utf8)
    return paths
  }

  private func authority(_ cluster: TestCluster, _ folder: String) throws -> Authority {
    try Authority.importing(
      certificatePEM: String(contentsOfFile: "\(folder)/ca.crt", encoding: .utf8),
      keyPEM: String(contentsOfFile: "\(folder)/ca.key", encoding: .utf8), now: Date())
  }

  @Test(
    "a refused certificate is an error at once, not at the deadline", arguments: EtcdRelease.client)
  func refusedCertificates(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release)
    let folder = cluster.etcd.directory
    let stranger = try Authority.create(name: "somebody else", lifetime: .seconds(3600), now: Date())
    let known = try authority(cluster, cluster.etcd.clientAuthority)
    for (name, credential) in [
      ("unknown", try stranger.issue(client: "alice", lifetime: .seconds(3600), now: Date())),
      ("expired", try known.issue(client: "alice", lifetime: .seconds(1), now: Date() - 60)),
    ] {
      let paths = try write(credential, named: name, in: folder)
      let (error, time) = try await attempt(
        cluster,
        as: ClientCredentials(
          authority: cluster.etcd.serverAuthority, certificate: paths.certificate, key: paths.key))
      #expect(error?.code == .unavailable, "\(name): \(String(describing: error))")
      #expect(time < .seconds(15), "\(name)")
      // Only newer releases tell which of the two it is, but each names the certificate.
      let reasons = ["unknown CA", "certificate expired", "bad certificate"].map {
        "the peer refused the certificate: \($0)"
      }
      #expect(reasons.contains { error?.message == $0 }, "\(String(describing: error))")
      #expect(error?.wasNotProcessed == true)
    }
  }

  @Test("a server certificate of an untrusted authority is an error at once", arguments: EtcdRelease.client)
  func wrongAuthority(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release)
    let root = try cluster.credentials(of: "root")
    let (error, time) = try await attempt(
      cluster,
      as: ClientCredentials(
        authority: "\(cluster.etcd.clientAuthority)/ca.crt", certificate: root.certificate, key: root.key))
    #expect(error?.code == .unavailable)
    #expect(
      error?.message.hasPrefix("the certificate is of an unknown authority (issued by CN=etcd-ca") == true,
      "\(String(describing: error))")
    #expect(time < .seconds(15))
  }

  @Test(
    "a missing or mismatched credential file is an error before any connection",
    arguments: EtcdRelease.one)
  func badFiles(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release)
    let root = try cluster.credentials(of: "root")
    let other = try cluster.credentials(of: unique("other"))
    for credentials in [
      ClientCredentials(authority: root.authority, certificate: root.certificate, key: "/nowhere.key"),
      ClientCredentials(authority: root.authority, certificate: "/nowhere.crt", key: root.key),
      ClientCredentials(authority: "/nowhere.crt", certificate: root.certificate, key: root.key),
      ClientCredentials(authority: root.authority, certificate: root.certificate, key: other.key),
      ClientCredentials(authority: root.authority, certificate: root.key, key: root.key),
    ] {
      let (error, time) = try await attempt(cluster, as: credentials)
      #expect(error?.code == .badCredentials, "\(credentials): \(String(describing: error))")
      #expect(time < .seconds(15))
    }
  }

  @Test("a server certificate without the requested address is refused", arguments: EtcdRelease.one)
  func serverNames(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      // etcd reads its certificate for each connection.
      let servers = try authority(cluster, "\(cluster.etcd.directory)/etcd-ca")
      for (hosts, isRight) in [
        (["127.0.0.2", "localhost"], false), (["10.0.0.1"], false), (["127.0.0.1"], true),
      ] {
        _ = try write(
          try servers.issue(
            peer: "etcd-1", hosts: try hosts.map { try HostName($0) }, lifetime: .seconds(3600), now: Date()),
          named: "server", in: "\(cluster.etcd.directory)/etcd-1")
        let (error, time) = try await attempt(cluster, as: cluster.etcd.root)
        #expect(error?.code == (isRight ? nil : .unavailable), "\(hosts): \(String(describing: error))")
        #expect(time < .seconds(15))
        let metrics = await Result(catching: {
          try await Metrics.read(from: cluster.etcd.endpoints[0], as: cluster.etcd.root)
        })
        #expect((try? metrics.get()) != nil || !isRight)
        #expect((try? metrics.get()) == nil || isRight)
      }
    }
  }

  @Test("if all members are unreachable, one error names each", arguments: EtcdRelease.one)
  func allAway(release: EtcdRelease) async throws {
    let cluster = try await SharedClusters.all.cluster(release)
    // Port 1 of loopback has no listener.
    let endpoints = [try Endpoint("https://127.0.0.1:1"), try Endpoint("https://127.0.0.2:1")]
    let time = try await duration {
      let error = await #expect(throws: EtcdError.self) {
        try await EtcdClient.connect(to: endpoints, as: cluster.etcd.root, timeout: .seconds(30)) {
          _ = try await $0.members()
        }
      }
      #expect(error?.code == .unavailable)
      for endpoint in endpoints {
        #expect(error?.message.contains("\(endpoint)") == true, "\(String(describing: error))")
      }
    }
    #expect(time < .seconds(15))
  }
}

extension Result where Failure == any Error {
  fileprivate init(catching body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
