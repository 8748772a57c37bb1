import Certificates
import Etcd
import Files
import Foundation
import Keyspace
import Names
import Synchronization
import TestSupport
import Testing
import ThrowawayEtcd

@testable import Rollover

/// The newest release of etcd that `make test` has put into `.tools/etcd`.
private let server = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appendingPathComponent(".tools/etcd/3.5.30/etcd").path

/// A roll-over on a real three-member etcd, with clients that write all the time.
@Suite(
  .serialized, .startsEtcd, .timeLimit(.minutes(30)),
  .enabled(
    if: FileManager.default.isExecutableFile(atPath: server), "there is no etcd 3.5.30 here"))
final class RolloverTests {
  let directory = NSTemporaryDirectory() + "bulkhead-rollover-" + UUID().uuidString
  private var pki: String { directory + "/pki" }
  private var clients: CredentialDirectory { CredentialDirectory(pki + "/clients") }
  private let day: Duration = .seconds(86_400)

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  private func issuer() throws -> Issuer {
    Issuer(
      try Authority.load(pki, now: Date()), ledger: try Ledger(in: pki), lifetime: day, now: Date(),
      allowRoot: true)
  }

  private func restartOneByOne(
    _ members: inout [MemberProcess], _ range: Range<Int>? = nil, as credentials: ClientCredentials
  ) async throws {
    for index in range ?? members.indices {
      members[index].stop()
      members[index] = try members[index].startAgain()
      let endpoint = members[index].endpoint
      let deadline = ContinuousClock.now + .seconds(60)
      var isReady = false
      while !isReady, ContinuousClock.now < deadline {
        isReady =
          (try? await EtcdClient.connect(to: [endpoint], as: credentials, timeout: .seconds(1)) {
            try await $0.status().hasLeader
          }) ?? false
        if !isReady { try await Task.sleep(for: .milliseconds(100)) }
      }
      try #require(isReady)
    }
  }

  /// With authentication on, 3.5.30 allows Status to root only.
  @Test(
    "no client fails while the authority is replaced, with authentication off and on",
    arguments: [false, true])
  func replaced(authEnabled: Bool) async throws {
    let old = try Authority.create(name: "old", lifetime: .seconds(86_400), now: Date())
    try old.save(to: pki)
    let trust = pki + "/trust.crt"
    try AtomicFile.write(Array(old.certificatePEM.utf8), to: trust, mode: 0o644)
    let cluster = try await ThrowawayEtcd.start(
      members: 3, binary: server, in: directory,
      options: .init(extraArguments: ["--trusted-ca-file=\(trust)"]))
    var members = cluster.members
    defer { for member in members { member.stop() } }
    let holders = ["root", "alice", "bob"].map { CertificateHolder(client: $0) }
    _ = try clients.issue(for: holders, by: issuer())
    // The old certificates, which someone kept.
    for name in ["alice.crt", "alice.key"] {
      try FileManager.default.copyItem(atPath: "\(clients.path)/\(name)", toPath: "\(directory)/old-\(name)")
    }
    let kept = ClientCredentials(
      authority: cluster.serverAuthority, certificate: directory + "/old-alice.crt",
      key: directory + "/old-alice.key")
    let rollover = AuthorityRollover(
      directory: pki, clients: clients, endpoints: [cluster.endpoints[0]], administrator: cluster.root,
      timeout: .seconds(10))
    let ledger = try Ledger(in: pki)
    if authEnabled {
      try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root) { etcd in
        try await etcd.addRole("writers")
        try await etcd.grant(Permission(Grant(.prefix("/writers/"), .readwrite)), toRole: "writers")
        for user in ["root", "alice", "bob"] {
          try await etcd.addUser(user)
          try await etcd.grant(role: user == "root" ? "root" : "writers", toUser: user)
        }
        try await etcd.enableAuth()
      }
    }

    let writers = Writers(cluster.endpoints, ["alice", "bob"].map(cluster.credentials(of:)))
    async let written = writers.run()

    // 1. Both.
    let new = try Authority.create(name: "new", lifetime: .seconds(86_400), now: Date(), key: .p384)
    try await rollover.begin(with: new, passphrase: nil)
    #expect(try rollover.directory.stage() == .trustBoth)
    let early = await #expect(throws: RolloverRefusal.self) {
      try await rollover.promote(ledger: ledger, now: Date(), passphrase: nil)
    }
    #expect(early?.description.contains("refuses certificates of CN=new") == true)
    try await restartOneByOne(&members, as: cluster.root)
    try await rollover.promote(ledger: ledger, now: Date(), passphrase: nil)
    #expect(try rollover.directory.stage() == .reissue)
    // Killed while it deleted `next`, the key of which goes first: the next command goes on.
    try FileManager.default.createDirectory(atPath: pki + "/next", withIntermediateDirectories: false)
    try FileManager.default.copyItem(atPath: pki + "/ca.crt", toPath: pki + "/next/ca.crt")
    #expect(try rollover.directory.stage() == .reissue)

    // 2. Issue new certificates; the old authority cannot be dropped before.
    let tooEarly = await #expect(throws: RolloverRefusal.self) {
      try await rollover.distrust(holders: holders, ledger: ledger, now: Date())
    }
    #expect(tooEarly?.description.contains("of the old authority") == true)
    let issued = try rollover.reissue(for: holders, by: issuer())
    #expect(issued.map(\.action) == Array(repeating: .replaced(because: .otherAuthority), count: 3))
    try await rollover.distrust(holders: holders, ledger: ledger, now: Date())
    #expect(try rollover.directory.stage() == .trustNew)

    // 3. Only the new authority.
    let stillTrusted = await #expect(throws: RolloverRefusal.self) {
      try await rollover.finish(ledger: ledger, now: Date(), passphrase: nil)
    }
    #expect(stillTrusted?.description.contains("still accepts certificates of CN=old") == true)
    // One member that is not restarted is enough, and so is one that does not answer.
    try await restartOneByOne(&members, 0..<2, as: cluster.root)
    let oneTrusts = await #expect(throws: RolloverRefusal.self) {
      try await rollover.finish(ledger: ledger, now: Date(), passphrase: nil)
    }
    #expect(oneTrusts?.description.contains("etcd-3 at \(members[2].endpoint) still accepts") == true)
    members[2].stop()
    let oneIsDown = await #expect(throws: RolloverRefusal.self) {
      try await rollover.finish(ledger: ledger, now: Date(), passphrase: nil)
    }
    #expect(oneIsDown?.description.contains("the member etcd-3 is unreachable") == true)
    #expect(try rollover.directory.stage() == .trustNew)
    try await restartOneByOne(&members, 2..<3, as: cluster.root)
    // A clock that is ahead: each certificate that is made now is refused as not valid yet, of either authority.
    let ahead = await #expect(throws: RolloverRefusal.self) {
      try await rollover.finish(ledger: ledger, now: Date() + 7200, passphrase: nil)
    }
    #expect(ahead?.hint?.contains("compare the clocks") == true, "\(String(describing: ahead))")
    let (retired, notAsked) = try await rollover.finish(ledger: ledger, now: Date(), passphrase: nil)
    #expect(notAsked == [])
    #expect(try CertificateFacts(file: retired + "/ca.crt").fingerprint == old.facts.fingerprint)
    #expect(try rollover.directory.stage() == .idle)

    writers.stop()
    let counts = await written
    #expect(counts.failed == [])
    #expect(counts.done > 20, "\(counts.done) writes")
    await #expect(throws: EtcdError.self) {
      try await EtcdClient.connect(to: cluster.endpoints, as: kept, timeout: .seconds(2)) {
        try await $0.status()
      }
    }
    #expect(!FileManager.default.fileExists(atPath: pki + "/probe"))
    #expect(!FileManager.default.fileExists(atPath: pki + "/next"))
  }
}

/// Clients that write one key after another and, like Calico, retry a write whose answer was lost. They read
/// their certificate again for each connection.
private final class Writers: Sendable {
  private let endpoints: [Endpoint]
  private let credentials: [ClientCredentials]
  private let isStopped = Mutex(false)

  init(_ endpoints: [Endpoint], _ credentials: [ClientCredentials]) {
    self.endpoints = endpoints
    self.credentials = credentials
  }

  func stop() { isStopped.withLock { $0 = true } }

  /// How many writes succeeded, and the errors of those that failed.
  func run() async -> (done: Int, failed: [String]) {
    await withTaskGroup(of: (Int, [String]).self) { group in
      for credentials in credentials { group.addTask { await self.run(as: credentials) } }
      var total = (done: 0, failed: [String]())
      for await (done, failed) in group {
        total.done += done
        total.failed += failed
      }
      return total
    }
  }

  private func run(as credentials: ClientCredentials) async -> (Int, [String]) {
    var (done, failed) = (0, [String]())
    while !isStopped.withLock({ $0 }), !Task.isCancelled {
      if let error = await Self.write(done, endpoints, credentials) { failed.append(error) }
      done += 1
    }
    return (done, failed)
  }

  /// A write fails if it does not succeed within a minute: the machine may be busy with the servers of other
  /// tests.
  private static func write(_ number: Int, _ endpoints: [Endpoint], _ credentials: ClientCredentials) async
    -> String?
  {
    let deadline = ContinuousClock.now + .seconds(60)
    while true {
      do {
        try await EtcdClient.connect(
          to: endpoints.shuffled(), as: credentials, timeout: .seconds(5)
        ) { try await $0.put(Array("\(number)".utf8), at: Key("/writers/\(credentials.certificate)")) }
        return nil
      } catch {
        guard ContinuousClock.now < deadline, !Task.isCancelled else { return "\(error)" }
      }
    }
  }
}
