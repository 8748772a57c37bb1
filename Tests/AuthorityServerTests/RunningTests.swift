import Certificates
import Files
import Foundation
import HTTP
import Log
import Names
import Testing

@testable import AuthorityServer

/// Changes while the server runs, and its metrics.
@Suite(.timeLimit(.minutes(30))) struct RunningTests {
  @Test func readsAChangedFileAndIgnoresABrokenOne() async throws {
    let authority = try TestAuthority()
    let token = try authority.token(uses: 1_000).secretText
    let newcomer = try authority.token(node: "node-3", uses: 1_000).secretText
    try await authority.serving { server in
      #expect(try await server.enrol("calico-node.node-3", with: newcomer).status == 403)
      try authority.write(nodes: ["node-2", "node-3"])
      #expect(
        try await eventually { try await server.enrol("calico-node.node-3", with: newcomer).status == 200 })
      #expect(try await server.enrol("calico-node.node-1", with: token).status == 403)
      try "nonsense: [".write(toFile: authority.folder + "/bulkhead.yaml", atomically: true, encoding: .utf8)
      #expect(
        try await eventually {
          try await server.send("/metrics", method: "GET").body
            .contains("\nbulkhead_authority_file_current_status 0\n")
        })
      #expect(try await server.enrol("calico-node.node-3", with: newcomer).status == 200)
      try authority.write(nodes: ["node-1"])
      #expect(
        try await eventually { try await server.enrol("calico-node.node-1", with: token).status == 200 })
      #expect(try await server.enrol("calico-node.node-3", with: newcomer).status == 403)
    }
  }

  @Test func metricsCanBeAtAnAddressOfTheirOwn() async throws {
    let authority = try TestAuthority()
    let loopback = try #require(ListenAddress("127.0.0.1:0"))
    try await authority.serving {
      $0.metricsListen = loopback
    } _: { server async throws in
      #expect(try await server.send("/metrics", method: "GET").status == 404)
      #expect(try await server.send("/live", method: "GET").status == 200)
    }
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let (ports, started) = AsyncStream.makeStream(of: Int.self)
    let listening = MetricsListening(
      listen: loopback, metrics: { "known 1\n" }, logger: logger, onStart: { started.yield($0) })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await listening.run() }
      defer { group.cancelAll() }
      var iterator = ports.makeAsyncIterator()
      let port = try #require(await iterator.next())
      for (path, status) in [("metrics", 200), ("live", 404), ("v1/enroll", 404)] {
        let address = try #require(WebAddress("http://127.0.0.1:\(port)/\(path)"))
        let answer = try await Client().send(.get, to: address)
        #expect(answer.status.code == status, "\(path)")
        if status == 200 { #expect(String(decoding: answer.body, as: UTF8.self) == "known 1\n") }
      }
    }
  }

  /// So that agents notice a roll-over.
  @Test func servesTheAuthorityThatIssuesNow() async throws {
    let authority = try TestAuthority()
    try await authority.serving { server in
      let answer = try await server.send("/v1/authority", method: "GET")
      #expect(answer.status == 200)
      #expect(try answer.body.hasPrefix(authority.certificate))
    }
  }

  @Test func servesTheCurrentRevocationList() async throws {
    let authority = try TestAuthority()
    try await authority.serving { server in
      let none = try await server.send("/v1/crl", method: "GET")
      #expect(none.status == 404)
      let issuer = Issuer(
        try Authority.load(authority.pki, now: Date()), ledger: try authority.ledger,
        lifetime: .seconds(3_600), now: Date())
      var tags: Set<String> = []
      for number in 1...2 {
        _ = try issuer.writeRevocationList(in: authority.pki, validity: .seconds(600))
        let bytes = try await server.list()
        #expect(bytes.body == (try FileContents.read(authority.pki + "/crl.der")))
        let list = try VerifiedRevocationList(
          der: bytes.body, signedByOneOf: authority.certificate, source: "the answer")
        #expect(list.number == number)
        let tag = try #require(bytes.tag)
        #expect(tags.insert(tag).inserted)
        let same = try await server.list(known: tag)
        #expect(same.status == 304 && same.body.isEmpty)
      }
    }
  }

  @Test func `an old ledger that was put back issues nothing until its list was taken over`() async throws {
    let authority = try TestAuthority()
    let token = try authority.token(uses: 9).secretText
    // The list of the ledger that was lost.
    let lost = authority.folder + "/lost"
    let loaded = try Authority.load(authority.pki, now: Date())
    try loaded.save(to: lost)
    func issuer(_ folder: String) throws -> Issuer {
      Issuer(loaded, ledger: try Ledger(in: folder), lifetime: .seconds(3_600), now: Date())
    }
    _ = try issuer(lost).writeRevocationList(in: lost, validity: .seconds(600))
    let list = try FileContents.read(lost + "/crl.der")
    try await authority.serving { server in
      func ready() async throws -> Int { try await server.send("/ready", method: "GET").status }
      #expect(try await ready() == 200)
      try AtomicFile.write(list, to: authority.pki + "/crl.der")
      #expect(try await ready() == 503)
      #expect(try await server.enrol("calico-node.node-1", with: token).status >= 500)
      var logger = Logger(label: "test")
      logger.logLevel = .critical
      #expect(throws: CertificatesError.self) { try AuthorityServer(authority.settings(), logger: logger) }
      _ = try issuer(authority.pki).writeRevocationList(in: authority.pki, validity: .seconds(600))
      #expect(try await ready() == 200)
      #expect(try await server.enrol("calico-node.node-1", with: token).status == 200)
    }
  }

  @Test func keepsItsOwnCertificateUntilItIsDue() throws {
    let authority = try TestAuthority()
    let ledger = try authority.ledger
    let loaded = try Authority.load(authority.pki, now: Date())
    func credential(_ hosts: [String], later: TimeInterval = 0) throws -> CertificateFacts {
      let issuer = Issuer(loaded, ledger: ledger, lifetime: .seconds(86_400), now: Date() + later)
      return try issuer.serverCredential(for: hosts.map(HostName.init), in: authority.pki + "/server").facts
    }
    let first = try credential(["authority.example.org", "10.0.0.1"])
    #expect(first.extendedKeyUsages == ["serverAuth"])
    #expect(first.alternativeNames == ["DNS:authority.example.org", "IP:10.0.0.1"])
    #expect(first.user == "bulkhead-authority server")
    #expect(try credential(["authority.example.org", "10.0.0.1"]) == first)
    let second = try credential(["authority.example.org"])
    #expect(second.serial != first.serial)
    #expect(try credential(["authority.example.org"], later: 50_000) == second)
    #expect(try credential(["authority.example.org"], later: 70_000).serial != second.serial)
    #expect(try ledger.entries().map(\.purpose) == [.server, .server, .server])
    // No user can have that name.
    #expect(throws: CertificatesError.self) {
      try loaded.issue(client: "bulkhead-authority server", lifetime: .seconds(60), now: Date())
    }
  }

  @Test func renewsItsOwnCertificateWhileClientsStayConnected() async throws {
    let authority = try TestAuthority()
    // Its lifetime is one day, of which two thirds have passed ten seconds from now; it began five minutes
    // before it was made.
    let issuer = Issuer(
      try Authority.load(authority.pki, now: Date()), ledger: try authority.ledger,
      lifetime: .seconds(86_400),
      now: Date() + 310 - 86_700 * 2 / 3)
    let first = try issuer.serverCredential(for: [HostName("127.0.0.1")], in: authority.pki + "/server").facts
    try #require(!first.isDue(at: Date(), after: Renewal.usualShare))
    try await authority.serving {
      $0.limits.ownCertificateInterval = .seconds(1)
      $0.limits.patience = .seconds(120)
    } _: { server in
      let stayed = try await server.asking {
        _ = try await eventually { try await server.asking().shown.serial != first.serial }
      }
      #expect(stayed.shown.serial == first.serial)
      #expect(stayed.answers == [200, 200])
      let renewed = try await server.asking().shown
      #expect(renewed.notAfter > first.notAfter)
      #expect(renewed.alternativeNames == ["IP:127.0.0.1"])
    }
    #expect(try authority.ledger.entries().map(\.purpose) == [.server, .server])
  }

  @Test func aMismatchedKeyDoesNotReplaceTheCertificate() async throws {
    let authority = try TestAuthority()
    var settings = try authority.settings()
    settings.certificate = .files(
      certificate: authority.folder + "/server.crt", key: authority.folder + "/server.key")
    let loaded = try Authority.load(authority.pki, now: Date())
    let ledger = try authority.ledger
    let issuer: @Sendable () -> Issuer = {
      Issuer(loaded, ledger: ledger, lifetime: .seconds(86_400), now: Date())
    }
    func place(_ host: String) throws {
      let made = try issuer().serverCredential(for: [try HostName(host)], in: authority.pki + "/server")
      try made.certificatePEM.write(
        toFile: authority.folder + "/server.crt", atomically: true, encoding: .utf8)
      try made.key.secretPEM().write(
        toFile: authority.folder + "/server.key", atomically: true, encoding: .utf8)
    }
    try place("127.0.0.1")
    let shown = try OwnCertificate(settings, logger: .init(label: "test"), makeIssuer: issuer)
    let first = shown.ends
    // A key of another certificate is not used; the old pair stays.
    try "nonsense".write(toFile: authority.folder + "/server.key", atomically: true, encoding: .utf8)
    shown.refresh()
    #expect(shown.ends == first)
    #expect(shown.due == nil)
  }

  @Test func metricsHaveThePrometheusFormatAndCountResults() async throws {
    let authority = try TestAuthority()
    let token = try authority.token().secretText
    let (text, type) = try await authority.serving { server in
      _ = try await server.enrol("calico-node.node-1", with: token)
      _ = try await server.enrol("calico-node.node-1", with: token)
      #expect(try await server.send("/live", method: "GET").status == 200)
      #expect(try await server.send("/ready", method: "GET").status == 200)
      let answer = try await server.send("/metrics", method: "GET")
      return (answer.body, answer.headers["content-type"])
    }
    #expect(type == "text/plain; version=0.0.4; charset=utf-8")
    // The text format: comments, or a name, labels in braces and a number; each name has a type before its samples.
    let sample = /([a-z_]+?)(_bucket|_sum|_count)?(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? ([0-9.e+-]+)/
    var types: Set<Substring> = []
    for line in text.split(separator: "\n") {
      if line.hasPrefix("# TYPE ") {
        types.insert(line.split(separator: " ")[2])
      } else if !line.hasPrefix("# HELP ") {
        let match = try #require(try sample.wholeMatch(in: line), "\(line)")
        #expect(types.contains(match.1), "\(line)")
      }
    }
    for line in [
      "bulkhead_authority_ready_status 1", "bulkhead_authority_file_current_status 1",
      "bulkhead_authority_requests_total{method=\"token\",result=\"issued\"} 1",
      "bulkhead_authority_requests_total{method=\"token\",result=\"refused\"} 1",
      "bulkhead_authority_request_duration_seconds_count 2",
    ] { #expect(text.contains("\n\(line)\n"), "\(line)") }
  }
}
