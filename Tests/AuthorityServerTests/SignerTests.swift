import Certificates
import Enrolment
import Files
import Foundation
import Glibc
import Log
import Names
import Network
import TestSources
import Testing

@testable import AuthorityServer

/// The server as two processes: a front without the authority's key, and a signer without a network. Here both are in
/// the process of the tests; `CommandLineTests` runs them apart.
@Suite(.timeLimit(.minutes(30))) struct SignerTests {
  private static let issuer = "https://kubernetes.default.svc.cluster.local"

  @Test func aFrontIssuesThroughTheSigner() async throws {
    let authority = try TestAuthority()
    let token = try authority.token()
    let issuer = Issuer(
      try Authority.load(authority.pki, now: Date()), ledger: try authority.ledger,
      lifetime: .seconds(3_600), now: Date())
    _ = try issuer.writeRevocationList(in: authority.pki, validity: .seconds(600))
    try await authority.signing { () async throws in
      try await authority.serving(authority.asFront()) { server async throws in
        let identity = try await server.identity("calico-node.node-1", with: token)
        #expect(try await server.renew("calico-node.node-1", as: identity).status == 200)
        let foreign = try await server.enrol("calico-node.node-2", with: token.secretText)
        #expect(foreign.status == 403)
        #expect(
          foreign.error == "the node \"node-1\" has no identity \"calico-node.node-2\"", "\(foreign.body)")
        let used = try await server.enrol("calico-node.node-1", with: token.secretText)
        #expect(used.status == 401)
        #expect(used.error?.contains("was used") == true)
        #expect(try await server.send("/ready", method: "GET").status == 200)
        let metrics = try await server.send("/metrics", method: "GET").body
        #expect(metrics.contains("\nbulkhead_authority_file_current_status 1\n"))
        #expect(try await server.list().body == (try FileContents.read(authority.pki + "/crl.der")))
        let shown = try await server.asking().shown
        #expect(shown.alternativeNames == ["IP:127.0.0.1"])
      }
    }
    #expect(try authority.issued().count == 2)
    #expect(try authority.auditEntries().map(\.decision) == [.issued, .renewed, .refused, .refused])
    // The signer's own log: its first line is the server's certificate.
    let own = try authority.auditEntries(of: authority.signerAudit)
    #expect(own.map(\.decision) == [.issued, .issued, .renewed, .refused, .refused])
    #expect(own.map(\.method) == ["server", "token", "certificate", "token", "token"])
    #expect(own[2].serial == (try authority.issued().last?.serial) && own[2].early == "requested")
    #expect(own[1].proof == token.id && own[1].node == "node-1")
    #expect(own[0].client?.contains("of the user \(geteuid())") == true)
    let verification = try AuditVerification([authority.signerAudit])
    #expect(verification.isWhole, "\(verification)")
    // The key of the server's certificate is only in the memory of the front.
    #expect(!FileManager.default.fileExists(atPath: authority.pki + "/server"))
  }

  /// Each reader would cost the front as many bytes as the list has.
  @Test func theFrontKeepsOneCopyOfTheList() async throws {
    let authority = try TestAuthority()
    func write() throws {
      let issuer = Issuer(
        try Authority.load(authority.pki, now: Date()), ledger: try authority.ledger,
        lifetime: .seconds(3_600), now: Date())
      _ = try issuer.writeRevocationList(in: authority.pki, validity: .seconds(600))
    }
    func place(_ bytes: [UInt8]) -> UnsafeRawPointer? { bytes.withUnsafeBytes { $0.baseAddress } }
    try await authority.signing { () async throws in
      let settings = try authority.settings(authority.asFront())
      let front = RemoteSigner(
        try #require(settings.signer), most: 10, logger: Logger(label: "test"))
      guard case .none = try await front.revocationList(known: nil) else {
        Issue.record("there is a list")
        return
      }
      try write()
      guard case .list(let one, let tag) = try await front.revocationList(known: nil),
        case .list(let other, tag) = try await front.revocationList(known: "\"of before\"")
      else {
        Issue.record("there is no list")
        return
      }
      #expect(one == (try FileContents.read(authority.pki + "/crl.der")) && place(one) == place(other))
      guard case .same = try await front.revocationList(known: tag) else {
        Issue.record("it is not the same list")
        return
      }
      try write()
      guard case .list(_, let next) = try await front.revocationList(known: tag) else {
        Issue.record("it is the same list")
        return
      }
      #expect(next != tag)
    }
  }

  /// What a front can do that an attacker has taken over: it says what it likes, and the signer believes nothing.
  @Test func theSignerChecksEachOrder() async throws {
    let authority = try TestAuthority()
    let cluster = ClusterDouble(issuer: Self.issuer)
    let stranger = ClusterDouble(issuer: Self.issuer)
    let keys = try authority.file("jwks.json", cluster.keySet())
    let token = try authority.token()
    let unknown = try Authority.load(authority.pki, now: Date())
      .issue(client: "calico-node.node-1", lifetime: .seconds(999), now: Date())
    let unknownDER = try #require(Data(base64Encoded: Self.base64(unknown.certificatePEM)))
    try await authority.signing {
      $0.serviceAccounts = ServiceAccountSettings(
        keys: .file(keys), issuer: Self.issuer, audience: "bulkhead")
    } _: { () async throws in
      func order(_ name: String, _ kind: String, _ proof: [UInt8]) async throws -> String {
        let frame = SignerFrame(
          7, .fill, [Array(try ClientKey().csr(for: name).utf8), Array(kind.utf8), proof, []])
        let answer = try await authority.ask(frame.bytes)
        #expect(answer?.number == 7)
        return answer.map { $0.kind == .done ? "done" : ($0.text(1) ?? "") } ?? "closed"
      }
      let joined = Array(token.secretText.utf8)
      #expect(try await order("calico-node.node-2", "token", joined).contains("has no identity"))
      #expect(try await order("root", "token", joined).contains("is not issued over the network"))
      #expect(
        try await order("kube-apiserver-etcd-client", "token", joined).contains(
          "is not issued over the network"))
      #expect(
        try await order("calico-node.node-1", "token", Array(JoinToken().secretText.utf8)).contains(
          "not known"))
      #expect(
        try await order("calico-node.node-1", "certificate", Array(unknownDER)).contains("is not signed"))
      for forged in [
        try stranger.token(account: "calico-node", node: "node-1"),
        try cluster.token(account: "calico-node", node: "node-2"),
        try cluster.token(account: "calico-node", node: "node-1", hasPod: false), "rubbish",
      ] {
        #expect(try await order("calico-node.node-1", "service-account", Array(forged.utf8)) != "done")
      }
      for kind in ["vouched", "", "admin"] {
        #expect(try await order("calico-node.node-1", kind, []) != "done")
      }
      #expect(try authority.issued().isEmpty)
      let good = try cluster.token(account: "calico-node", node: "node-1")
      #expect(try await order("calico-node.node-1", "service-account", Array(good.utf8)) == "done")
      #expect(try await order("calico-node.node-1", "token", joined) == "done")
    }
  }

  /// A front that was taken over knows each certificate that it has seen, and each signed renewal; it has no client's key.
  @Test func aFrontThatWasTakenOverRenewsNoCertificate() async throws {
    let authority = try TestAuthority()
    let token = try authority.token()
    let client = try await authority.signing { () async throws in
      let client = try await authority.serving(authority.asFront()) { server async throws in
        let first = try await server.identity("calico-node.node-1", with: token)
        let unsigned = try await server.renew("calico-node.node-1", as: first, isSigned: false)
        #expect(
          unsigned.status == 401 && unsigned.error?.contains("is not signed") == true, "\(unsigned.body)")
        #expect(unsigned.body.contains("--accept-old-agents"))
        return first
      }
      let der = try #require(Data(base64Encoded: Self.base64(client.certificate)))
      func order(
        _ csr: String, _ proof: RenewalProof?, reason: String? = "requested"
      ) async throws -> String {
        let order = SigningOrder(
          csr: csr, request: try CertificateRequest(pem: csr), proof: .certificate(Array(der), proof),
          reason: reason)
        let answer = try await authority.ask(order.frame(3).bytes)
        return answer.map { $0.kind == .done ? "done" : ($0.text(1) ?? "") } ?? "closed"
      }
      let name = "calico-node.node-1"
      let (mine, theirs) = (try ClientKey().csr(for: name), try ClientKey().csr(for: name))
      let seen = try client.key.proof(of: theirs, reason: "requested")
      let unsigned = "the renewal is not signed with the key of the certificate that it renews"
      #expect(try await order(mine, nil) == unsigned)
      #expect(try await order(mine, seen) == unsigned)
      #expect(try await order(theirs, seen, reason: "key-compromise") == unsigned)
      #expect(
        try await order(theirs, RenewalProof(time: seen.time + 1, signature: seen.signature)) == unsigned)
      #expect(try await order(mine, try ClientKey().proof(of: mine, reason: "requested")) == unsigned)
      #expect(try await order(mine, RenewalProof(time: seen.time, signature: "!")).contains("not base64"))
      for hours in [-2.0, 2] {
        let other = try client.key.proof(of: mine, reason: "requested", at: Date() + hours * 3_600)
        #expect(try await order(mine, other).contains("more than an hour from now"))
      }
      let wrong = try client.key.proof(of: mine, reason: "because")
      #expect(try await order(mine, wrong, reason: "because") == "the request has an unknown reason")
      let replaced = try client.key.proof(of: mine, reason: "new-authority")
      #expect(
        try await order(mine, replaced, reason: "new-authority")
          == "the authority in use has issued the client's certificate")
      #expect(try authority.issued().count == 1)
      #expect(try await order(theirs, seen) == "done")
      return client
    }
    // Agents of an earlier release, for the time of an upgrade.
    try await authority.signing {
      $0.acceptsOldAgents = true
    } _: { () async throws in
      try await authority.serving(authority.asFront()) { server async throws in
        #expect(
          try await server.renew("calico-node.node-1", as: client, isSigned: false).status == 200)
      }
    }
  }

  @Test func theSocketBelongsToTheGroupThatIsNamed() async throws {
    let authority = try TestAuthority()
    try await authority.signing(users: [geteuid(), geteuid() + 1], group: getegid()) { () async throws in
      #expect(try await authority.ask(SignerFrame(1, .state).bytes)?.kind == .done)
      #expect(try FileContents.mode(of: authority.socket) == 0o660)
    }
  }

  @Test func rubbishAtTheSocketDoesNotStopTheSigner() async throws {
    let authority = try TestAuthority()
    let token = try authority.token()
    var generator = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: 1...UInt64.max, using: &generator)
    var random = Seeded(state: seed)
    let good = SignerFrame(1, .fill, texts: [try ClientKey().csr(for: "x"), "token", "y", nil]).bytes
    let inputs: [[UInt8]] = (0..<200).map { _ in
      var bytes = good
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
      }
      return Bool.random(using: &random)
        ? bytes : Array(bytes.prefix(Int.random(in: bytes.indices, using: &random)))
    }
    try await authority.signing { () async throws in
      for input in inputs + [[0xff, 0xff, 0xff, 0xff], [0, 0, 0, 0], []] {
        let answer = try await authority.ask(input)
        #expect(answer?.kind != .done, "seed \(seed)")
      }
      try await authority.serving(authority.asFront()) { server async throws in
        #expect(
          try await server.enrol("calico-node.node-1", with: token.secretText).status == 200, "seed \(seed)")
      }
    }
  }

  @Test func onlyTheUsersThatAreNamedMayGiveOrders() async throws {
    let authority = try TestAuthority()
    try await authority.signing(users: [geteuid() + 4_711]) { () async throws in
      #expect(try await authority.ask(SignerFrame(1, .state).bytes) == nil)
      await #expect(throws: AuthorityServerError.self) {
        try await authority.serving(authority.asFront()) { _ in }
      }
    }
    try await authority.signing(users: [geteuid()]) { () async throws in
      #expect(try await authority.ask(SignerFrame(1, .state).bytes)?.kind == .done)
      #expect(try FileContents.mode(of: authority.socket) == 0o600)
    }
  }

  /// accept(2) fails while all file descriptors of the process are in use.
  @Test func aFailureToAcceptDoesNotEndAccepting() {
    var (calls, failures, taken) = (0, 0, [Int]())
    AcceptingLoop(hasEnded: { calls >= 5 }).run(
      accept: {
        calls += 1
        guard calls == 2 || calls == 4 else { throw Unexpected() }
        return calls
      }, failed: { _ in failures += 1 }, take: { taken.append($0) })
    #expect(taken == [2, 4] && failures == 2 && calls == 5)
  }

  @Test func manyEventsAreReportedOnceAMinute() {
    var report = SparseReport()
    let start = ContinuousClock.now
    let counts = (0..<180).compactMap { report.add(now: start + .seconds($0)) }
    #expect(counts == [1, 60, 60])
  }

  @Test func aSignerThatWasRestartedIsFoundAgain() async throws {
    let authority = try TestAuthority()
    let token = try authority.token(uses: 2)
    let certificate = try await authority.signing { try await authority.served() }
    try await authority.serving {
      authority.asFront()(&$0)
      $0.certificate = .files(certificate: certificate.certificate, key: certificate.key)
    } _: { server async throws in
      #expect(try await server.enrol("calico-node.node-1", with: token.secretText).status == 503)
      #expect(try await server.send("/ready", method: "GET").status == 503)
      #expect(try await server.send("/live", method: "GET").status == 200)
      for _ in 0..<2 {
        try await authority.signing { () async throws in
          #expect(
            try await eventually {
              try await server.enrol("calico-node.node-1", with: token.secretText).status == 200
            })
        }
        #expect(try await server.enrol("cni-plugin.node-1", with: token.secretText).status == 503)
      }
    }
    #expect(try authority.issued().count == 2)
  }

  @Test func messagesAreReadAsTheyWereWritten() throws {
    for frame in [
      SignerFrame(0, .state),
      SignerFrame(.max, .done, texts: ["a", nil, String(repeating: "b", count: 70_000)]),
      SignerFrame(1, .list, [[0, 255], []]),
    ] {
      let bytes = frame.bytes
      #expect(SignerFrame.length(Array(bytes.prefix(4)), limit: 1 << 20) == bytes.count - 4)
      #expect(SignerFrame(Array(bytes.dropFirst(4))) == frame)
      #expect(SignerFrame(Array(bytes.dropFirst(4).dropLast())) == nil || frame.fields.isEmpty)
    }
    #expect(SignerFrame.length([0, 0, 0, 8], limit: 100) == nil)
    #expect(SignerFrame.length([0, 0, 0, 101], limit: 100) == nil)
  }

  private static func base64(_ pem: String) -> String {
    pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined()
  }
}

/// The same numbers for the same seed (Steele and others, SplitMix64).
private struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

extension TestAuthority {
  var socket: String { folder + "/s" }
  var signerAudit: String { folder + "/signer.log" }

  /// The settings of a front: it knows the socket and neither the file nor the folder of the authority.
  func asFront() -> (inout AuthoritySettings) -> Void {
    { [socket] in
      ($0.file, $0.directory, $0.certificate, $0.signer) = ("/nowhere", "/nowhere", .fromSigner, socket)
    }
  }

  /// Runs a signer while `body` works with it.
  func signing<Result: Sendable>(
    users: Set<UInt32> = [geteuid()], group: UInt32? = nil,
    _ change: (inout AuthoritySettings) -> Void = { _ in },
    _ body: () async throws -> Result
  ) async throws -> Result {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let signer = try SignerService(
      try settings {
        $0.auditFile = signerAudit
        change(&$0)
      },
      socket: SignerSocket(path: socket, users: users, hosts: [try HostName("127.0.0.1")], group: group),
      logger: logger)
    let (starts, started) = AsyncStream.makeStream(of: Void.self)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { started.finish() }
        try await signer.run(heedsSignals: false) { started.yield() }
      }
      var hasStarted = false
      for await _ in starts {
        hasStarted = true
        break
      }
      guard hasStarted else {
        try await group.next()
        throw Unexpected()
      }
      let result = try await body()
      group.cancelAll()
      // The next one listens on the same path.
      try? await group.waitForAll()
      return result
    }
  }

  /// Sends bytes to the signer and reads one answer.
  /// - Returns: nil if it closes the connection.
  func ask(_ bytes: [UInt8]) async throws -> SignerFrame? {
    let path = socket
    return try await withCheckedThrowingContinuation { continuation in
      Thread {
        continuation.resume(
          with: Result {
            let connection = try LocalSocket.connect(to: path)
            try? connection.write(bytes)
            connection.finishWriting()
            guard let head = try? connection.read(4), let length = SignerFrame.length(head, limit: 1 << 20),
              let rest = try? connection.read(length)
            else { return nil }
            return SignerFrame(rest)
          })
      }.start()
    }
  }

  /// A server certificate in files.
  func served() async throws -> (certificate: String, key: String) {
    let issuer = Issuer(
      try Authority.load(pki, now: Date()), ledger: try ledger, lifetime: .seconds(86_400), now: Date())
    let made = try issuer.serverCredential(for: [HostName("127.0.0.1")], in: folder + "/own")
    return (try file("own.crt", made.certificatePEM), try file("own.key", made.key.secretPEM()))
  }
}
