import Certificates
import Files
import Foundation
import Testing

@testable import AuthorityServer
@testable import Rollover

/// A roll-over of the authority while the server runs. RolloverTests test the part of etcd's members.
@Suite(.timeLimit(.minutes(30))) struct ReplacedAuthorityTests {
  @Test func theNewAuthorityIssuesAtOnce() async throws {
    let authority = try TestAuthority()
    let token = try authority.token(uses: 9)
    let rollover = RolloverDirectory(authority.pki)
    try await authority.serving {
      $0.limits.ownCertificateInterval = .seconds(1)
    } _: { server in
      let before = try await server.identity("calico-node.node-1", with: token)
      #expect(try CertificateFacts(pem: before.certificate).issuer == "CN=test clients")
      let shown = try await server.asking().shown
      try rollover.begin(with: try newAuthority(), passphrase: nil)
      #expect(
        try await issuer(of: server.enrol("calico-node.node-1", with: token.secretText)) == "CN=test clients")

      try rollover.promote()
      // At once, not at the next check of the files; and the old certificate is still accepted for renewal.
      #expect(
        try await issuer(of: server.enrol("calico-node.node-1", with: token.secretText)) == "CN=new clients")
      #expect(try await issuer(of: server.renew("calico-node.node-1", as: before)) == "CN=new clients")
      // These clients trust only the old authority.
      try await Task.sleep(for: .seconds(3))
      #expect(try await server.asking().shown == shown)

      try rollover.trustNewOnly()
      let client = TestServer(port: server.port, authority: try authority.certificate)
      #expect(try await eventually { (try? await client.asking().shown.issuer) == "CN=new clients" })
      #expect(try await issuer(of: client.renew("calico-node.node-1", as: before)) == "CN=new clients")
    }
  }

  @Test func issuesNothingIfTheNewAuthorityCannotBeUsed() async throws {
    let authority = try TestAuthority()
    let token = try authority.token(uses: 9)
    let rollover = RolloverDirectory(authority.pki)
    try await authority.serving { server in
      let before = try await server.identity("calico-node.node-1", with: token)
      try rollover.begin(with: try newAuthority(), passphrase: nil)
      try rollover.promote()
      let key = try FileContents.read(authority.pki + "/ca.key")
      try AtomicFile.write(Array("nonsense".utf8), to: authority.pki + "/ca.key", mode: 0o600)
      for answer in [
        try await server.enrol("calico-node.node-1", with: token.secretText),
        try await server.renew("calico-node.node-1", as: before),
      ] {
        #expect(answer.status == 503)
        #expect(answer.error == "the certificate could not be issued")
        #expect(answer.headers["retry-after"] != nil)
      }
      #expect(try await server.send("/ready", method: "GET").status == 503)
      #expect(try authority.issued().count == 1)

      try AtomicFile.write(key, to: authority.pki + "/ca.key", mode: 0o600)
      #expect(try await issuer(of: server.renew("calico-node.node-1", as: before)) == "CN=new clients")
      #expect(try await server.send("/ready", method: "GET").status == 200)
    }
    #expect(try authority.auditEntries().map(\.decision) == [.issued, .refused, .refused, .renewed])
  }

  private func newAuthority() throws -> Authority {
    try Authority.create(name: "new clients", lifetime: .seconds(86_400), now: Date())
  }

  private func issuer(of answer: TestServer.Answer) throws -> String {
    try CertificateFacts(pem: try #require(answer.certificate, "\(answer.body)")).issuer
  }
}
