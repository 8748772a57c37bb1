import Cryptography
import Etcd
import Files
import Foundation
import TestSupport
import Testing
import ThrowawayEtcd

@testable import Certificates

/// A release of etcd that `make test` installed in `.tools/etcd`.
struct EtcdServer: CustomTestStringConvertible, Sendable {
  let version: String

  private var folder: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent(".tools/etcd/\(version)").path
  }
  var binary: String { "\(folder)/etcd" }
  var etcdctl: String { "\(folder)/etcdctl" }
  var testDescription: String { "etcd \(version)" }

  /// The oldest and the newest release. If CI is set, a missing one is a failure.
  static let all = ["3.4.23", "3.5.30"].map(EtcdServer.init).filter {
    ProcessInfo.processInfo.environment["CI"] != nil
      || FileManager.default.isExecutableFile(atPath: $0.binary)
  }

  /// Whether etcd accepts a client's certificate: it answers the status request, which needs no user.
  func admits(_ credentials: ClientCredentials, at cluster: ThrowawayEtcd) async throws -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
    process.arguments =
      ["--signal=KILL", "30", etcdctl, "--command-timeout=3s", "--dial-timeout=3s"]
      + ["--endpoints=\(cluster.endpoints[0])", "--cacert=\(credentials.authority)"]
      + ["--cert=\(credentials.certificate)", "--key=\(credentials.key)", "endpoint", "status"]
    process.environment = ["ETCDCTL_API": "3"]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.runHearingSignals()
    // In its own thread: blocking one of the few threads for tasks would delay the servers of other tests.
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        process.waitUntilExit()
        continuation.resume()
      }
    }
    return process.terminationStatus == 0
  }
}

@Suite(
  .serialized, .startsEtcd, .timeLimit(.minutes(30)),
  .enabled(if: !EtcdServer.all.isEmpty, "there is no etcd under .tools/etcd"))
final class RealEtcdTests: TemporaryDirectorySuite {
  private let now = Date()
  private var pki: String { directory + "/pki" }
  private var clients: CredentialDirectory { CredentialDirectory(pki + "/clients") }

  private func authority() throws -> Authority {
    let authority = try Authority.create(name: "bulkhead clients", lifetime: .days(1), now: now)
    try authority.save(to: pki)
    return authority
  }

  private func issuer(_ authority: Authority) throws -> Issuer {
    Issuer(authority, ledger: try Ledger(in: pki), lifetime: .days(1), now: Date())
  }

  @Test(arguments: EtcdServer.all) func etcdAcceptsEachKindOfAuthorityAndKey(server: EtcdServer)
    async throws
  {
    var bundle = try authority().certificatePEM
    var credentials: [(String, ClientCredentials)] = []
    func add(_ name: String, _ issued: Credential) throws {
      try issued.write(name: name, in: directory)
      credentials.append(
        (
          name,
          ClientCredentials(
            authority: directory + "/etcd-ca/ca.crt", certificate: directory + "/\(name).crt",
            key: directory + "/\(name).key")
        ))
    }
    for kind in KeyAlgorithm.allCases {
      let authority = try Authority.create(
        name: "\(kind)", lifetime: .days(1), now: now, key: kind,
        limits: AuthorityLimits(isForClientsOnly: true))
      bundle += authority.certificatePEM
      try add("by-\(kind)", authority.issue(client: "alice", lifetime: .days(1), now: now))
    }
    let base = try Authority.create(name: "base", lifetime: .days(1), now: now)
    bundle += base.certificatePEM
    for kind in KeyAlgorithm.allCases {
      let key = try PrivateKey.generate(kind)
      let certificate = try base.certify(
        key.key.publicKey, as: SubjectName(client: "alice", allowRoot: false), .client, lifetime: .days(1),
        now: now)
      try add("with-\(kind)", Credential(certificate: certificate, chainPEM: "", key: key))
    }
    let trust = try file("trust.crt", bundle)
    let cluster = try await ThrowawayEtcd.start(
      members: 1, binary: server.binary, in: directory,
      options: .init(extraArguments: ["--trusted-ca-file=\(trust)"]))
    defer { cluster.stop() }
    for (name, credentials) in credentials {
      #expect(try await server.admits(credentials, at: cluster), "\(name)")
    }
    let stranger = try Authority.create(name: "stranger", lifetime: .days(1), now: now)
    try add("stranger", stranger.issue(client: "alice", lifetime: .days(1), now: now))
    #expect(try await !server.admits(credentials[credentials.count - 1].1, at: cluster))
  }

  @Test(arguments: EtcdServer.all) func aMemberThatTrustsTheRootAcceptsClientsOfAnIntermediate(
    server: EtcdServer
  ) async throws {
    let first = try authority()
    let key = directory + "/root.key"
    try OpenSSL.run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    try OpenSSL.run(
      "req", "-x509", "-new", "-key", key, "-subj", "/CN=root", "-days", "30", "-out",
      directory + "/root.crt",
      "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    let root = try Authority.importing(
      certificatePEM: text("root.crt"), keyPEM: text("root.key"), now: Date())
    let below = try Authority.create(name: "below", lifetime: .days(1), now: Date(), signedBy: root)
    try below.issue(client: "alice", lifetime: .days(1), now: Date()).write(name: "alice", in: directory)
    let trust = try file("trust.crt", first.certificatePEM + root.certificatePEM)
    let cluster = try await ThrowawayEtcd.start(
      members: 1, binary: server.binary, in: directory,
      options: .init(extraArguments: ["--trusted-ca-file=\(trust)"]))
    defer { cluster.stop() }
    let alice = ClientCredentials(
      authority: cluster.serverAuthority, certificate: directory + "/alice.crt", key: directory + "/alice.key"
    )
    #expect(try await server.admits(alice, at: cluster))
  }

  @Test(arguments: EtcdServer.all) func onlyTheRevokedCertificateIsRefused(server: EtcdServer)
    async throws
  {
    let issuer = try issuer(authority())
    _ = try issuer.writeRevocationList(in: pki, validity: .days(1))
    let list = pki + "/" + Issuer.revocationListFile
    let cluster = try await ThrowawayEtcd.start(
      members: 1, binary: server.binary, in: directory,
      options: .init(extraArguments: ["--client-crl-file=\(list)"]))
    defer { cluster.stop() }
    let users = ["alice", "bob"]
    _ = try clients.issue(for: users.map { CertificateHolder(client: $0) }, by: issuer)
    for user in users { #expect(try await server.admits(cluster.credentials(of: user), at: cluster)) }

    try issuer.ledger?.revoke(
      serials: [CertificateFacts(file: clients.certificatePath(of: "alice")).serial], at: Date(),
      because: .keyCompromise)
    _ = try issuer.writeRevocationList(in: pki, validity: .days(1))
    // Without a restart: etcd reads the list for each new connection.
    #expect(try await !server.admits(cluster.credentials(of: "alice"), at: cluster))
    #expect(try await server.admits(cluster.credentials(of: "bob"), at: cluster))
    #expect(try await server.admits(cluster.root, at: cluster))

    let again = try clients.issue(for: users.map { CertificateHolder(client: $0) }, by: issuer)
    #expect(again.map(\.action) == [.replaced(because: .revoked), .kept])
    #expect(try await server.admits(cluster.credentials(of: "alice"), at: cluster))
  }
}
