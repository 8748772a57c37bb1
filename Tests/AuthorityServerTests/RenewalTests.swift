import Certificates
import Foundation
import Testing

@testable import AuthorityServer

/// A client with a valid certificate gets the next one with it.
@Suite(.timeLimit(.minutes(30))) struct RenewalTests {
  @Test func renewsWithTheCurrentCertificateForANewKey() async throws {
    let authority = try TestAuthority(isolation: "node-certificate")
    let token = try authority.token()
    try await authority.serving { server in
      let first = try await server.identity("calico-node", with: token)
      let early = try await server.renew("calico-node", as: first, reason: nil)
      #expect(early.status == 403 && early.error?.contains("can be renewed from") == true, "\(early.body)")
      let key = ClientKey()
      let answer = try await server.renew("calico-node", as: first, key: key)
      #expect(answer.status == 200, "\(answer.body)")
      let second = TestServer.Identity(key: key, certificate: try #require(answer.certificate))
      #expect(try await server.renew("calico-node", as: second).status == 200)
      // The old one stays valid until it ends or is revoked.
      #expect(try await server.renew("calico-node", as: first).status == 200)
    }
    let entries = try authority.issued()
    #expect(entries.map(\.node) == ["node-1", "node-1", "node-1", "node-1"])
    #expect(
      entries.map(\.renewedFrom) == [nil, entries[0].serial, entries[1].serial, entries[0].serial])
    let audit = try authority.auditEntries()
    #expect(audit.map(\.decision) == [.issued, .refused, .renewed, .renewed, .renewed])
    #expect(
      audit.map(\.proof)
        == [token.id, entries[0].serial, entries[0].serial, entries[1].serial, entries[0].serial])
  }

  @Test func nothingElseIsRenewed() async throws {
    let authority = try TestAuthority()
    let token = try authority.token(uses: 2)
    try await authority.serving { server in
      let mine = try await server.identity("calico-node.node-1", with: token)
      let other = try await server.identity("cni-plugin.node-1", with: token)
      func refusal(_ name: String, _ identity: TestServer.Identity?, key: ClientKey = ClientKey())
        async throws -> String
      {
        let answer = try await server.renew(name, as: identity, key: key)
        return "\(answer.status) \(answer.error ?? "")"
      }
      #expect(try await refusal("calico-node.node-1", nil) == "401 the client showed no certificate")
      #expect(try await refusal("calico-node.node-2", mine).hasPrefix("403 the request is for"))
      #expect(try await refusal("cni-plugin.node-1", mine).hasPrefix("403 the request is for"))
      #expect(try await refusal("root", mine).hasPrefix("403 the request is for"))
      #expect(
        try await refusal("calico-node.node-1", mine, key: mine.key).hasPrefix("403 the request has the key"))
      // A certificate of another authority with the same name.
      let stranger = try Authority.create(name: "test clients", lifetime: .seconds(9_999), now: Date())
        .issue(client: "calico-node.node-1", lifetime: .seconds(999), now: Date())
      #expect(
        try await server.renewed("calico-node.node-1", by: stranger)
          == "401 the client's certificate was not issued here")
      // A certificate of the right authority that is not in the ledger.
      let unknown = try Authority.load(authority.pki, now: Date())
        .issue(client: "calico-node.node-1", lifetime: .seconds(999), now: Date())
      #expect(
        try await server.renewed("calico-node.node-1", by: unknown)
          == "401 the client's certificate was not issued here")
      try authority.ledger.revoke(
        serials: [try CertificateFacts(pem: mine.certificate).serial], at: Date(), because: .keyCompromise)
      #expect(try await refusal("calico-node.node-1", mine) == "401 the client's certificate was revoked")
      #expect(try await server.renew("cni-plugin.node-1", as: other).status == 200)
    }
  }

  @Test func identitiesThatAreNotIssuedOverTheNetworkAreNotRenewed() async throws {
    let authority = try TestAuthority()
    let issuer = Issuer(
      try Authority.load(authority.pki, now: Date()), ledger: try authority.ledger, lifetime: .seconds(9_999),
      now: Date(), allowRoot: true)
    let clients = CredentialDirectory(authority.folder + "/clients")
    let names = ["root", "alice", "kube-apiserver-etcd-client"]
    _ = try clients.issue(for: names.map { CertificateHolder(client: $0) }, by: issuer)
    try await authority.serving { server in
      for name in names {
        let answer = try await server.send(
          "/v1/renew", body: try ClientKey().request(for: name),
          certificate: try String(contentsOfFile: clients.certificatePath(of: name), encoding: .utf8),
          key: try String(contentsOfFile: clients.keyPath(of: name), encoding: .utf8))
        #expect(answer.status == 403, "\(answer.body)")
      }
    }
    #expect(try authority.issued().count == 3)
  }

  @Test func anExpiredCertificateIsRefusedWithThatReason() async throws {
    let authority = try TestAuthority()
    let holder = CertificateHolder(client: "calico-node.node-1", component: "calico-node", node: "node-1")
    let issuer = Issuer(
      try Authority.load(authority.pki, now: Date()), ledger: try authority.ledger, lifetime: .seconds(3_600),
      now: Date() - 7_200)
    let clients = CredentialDirectory(authority.folder + "/clients")
    let files = try #require(try clients.issue(for: [holder], by: issuer).first)
    let answer = try await authority.serving { server in
      try await server.send(
        "/v1/renew", body: try ClientKey().request(for: "calico-node.node-1"),
        certificate: try String(contentsOfFile: files.certificatePath, encoding: .utf8),
        key: try String(contentsOfFile: files.keyPath, encoding: .utf8))
    }
    #expect(answer.status == 401)
    #expect(answer.error == "the client's certificate has expired")
  }
}

extension TestServer {
  func renewed(_ name: String, by credential: Credential) async throws -> String {
    let answer = try await send(
      "/v1/renew", body: try ClientKey().request(for: name), certificate: credential.certificatePEM,
      key: credential.key.secretPEM())
    return "\(answer.status) \(answer.error ?? "")"
  }
}
