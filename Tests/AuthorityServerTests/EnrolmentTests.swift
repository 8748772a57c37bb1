import Catalogue
import Certificates
import Enrolment
import Files
import Foundation
import HTTP
import Segmentation
import Testing

@testable import AuthorityServer

/// Which certificates a join token allows.
@Suite(.timeLimit(.minutes(30))) struct EnrolmentTests {
  @Test func aNodeGetsItsOwnIdentityAndNoExtensionOfTheRequest() async throws {
    let authority = try TestAuthority()
    let token = try authority.token()
    let answer = try await authority.serving {
      try await $0.enrol("calico-node.node-1", with: token.secretText)
    }
    #expect(answer.status == 200)
    #expect(answer.headers["cache-control"] == "no-store")
    let facts = try CertificateFacts(pem: try #require(answer.certificate))
    #expect(facts.subject == "CN=calico-node.node-1")
    #expect(facts.extendedKeyUsages == ["clientAuth"])
    #expect(facts.alternativeNames.isEmpty)
    let entry = try #require(try authority.ledger.entry(of: facts))
    #expect(entry.component == "calico-node")
    #expect(entry.node == "node-1")
    let response = try JSONDecoder().decode(EnrolmentResponse.self, from: Data(answer.body.utf8))
    #expect(response.etcdCA == (try String(contentsOfFile: authority.pki + "/ca.crt", encoding: .utf8)))
    let audit = try #require(try authority.auditEntries().last)
    #expect(audit.decision == .issued)
    #expect(audit.serial == facts.serial)
    #expect(audit.proof == token.id)
    #expect(!(try String(contentsOfFile: authority.audit, encoding: .utf8)).contains(token.secretText))
    let mode = try FileManager.default.attributesOfItem(atPath: authority.audit)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test func aCertificateForAUserWithAPasswordHasNoCommonNameAndIsRenewed() async throws {
    let authority = try TestAuthority()
    try authority.write(nodes: ["node-1"], components: "neutron-driver, dhcp-agent")
    let token = try authority.token(node: nil, components: ["neutron-driver"])
    let node = try authority.token()
    let name = "neutron-driver-transport"
    try await authority.serving { server in
      let identity = try await server.identity(name, with: token)
      #expect(try CertificateFacts(pem: identity.certificate).subject == "OU=\(name)")
      let renewed = try await server.renew(name, as: identity)
      let facts = try CertificateFacts(pem: try #require(renewed.certificate, "\(renewed.body)"))
      #expect(facts.subject == "OU=\(name)")
      let entry = try #require(try authority.ledger.entry(of: facts))
      #expect(entry.identity == name && entry.component == "neutron-driver" && entry.renewedFrom != nil)
      // It proves no other identity, and the password user itself gets no certificate.
      for other in ["dhcp-agent-transport", "neutron-driver", "dhcp-agent.node-1"] {
        #expect(try await server.renew(other, as: identity).status == 403, "\(other)")
      }
      let agent = try await server.identity("dhcp-agent-transport", with: node)
      #expect(try CertificateFacts(pem: agent.certificate).commonNames.isEmpty)
      #expect(try authority.auditEntries().map(\.identity).contains(name))
    }
  }

  @Test func aNodeDoesNotGetOtherIdentities() async throws {
    let authority = try TestAuthority()
    let node = try authority.token(uses: 9).secretText
    let limited = try authority.token(components: ["cni-plugin"], uses: 9).secretText
    let central = try authority.token(node: nil, components: ["kube-controllers", "backup"], uses: 9)
      .secretText
    try await authority.serving { server in
      for (name, token) in [
        ("calico-node.node-2", node), ("kube-controllers", node), ("root", node), ("alice", node),
        ("kube-apiserver-etcd-client", node), ("backup", node), ("nobody", node), ("calico-node", node),
        ("calico-node.node-1", limited), ("calico-node.node-1", central), ("root", central),
        ("alice", central),
        ("cni-plugin.node-2", limited), ("test clients", node), ("CALICO-NODE.NODE-1", node),
      ] {
        let answer = try await server.enrol(name, with: token)
        #expect(answer.status == 403, "\(name): \(answer.body)")
        #expect(answer.certificate == nil)
      }
      #expect(try authority.issued().isEmpty)
      for (name, token) in [
        ("cni-plugin.node-1", limited), ("calico-node.node-1", node), ("kube-controllers", central),
        ("backup", central),
      ] {
        let answer = try await server.enrol(name, with: token)
        #expect(answer.status == 200, "\(name): \(answer.body)")
      }
    }
    #expect(try authority.auditEntries().filter { $0.decision == .refused }.count == 15)
  }

  /// The ledger separates components by commas: the name would be those of two components.
  @Test func aTokenDoesNotNameAComponentWithAComma() throws {
    let authority = try TestAuthority()
    #expect(throws: CertificatesError.self) {
      try authority.token(components: ["calico-node,kube-controllers"])
    }
    #expect(try authority.ledger.tokens().isEmpty)
    let path = authority.folder + "/bulkhead.yaml"
    let text = try FileContents.readText(path).replacing("user: backup", with: "user: 'calico-node,backup'")
    let catalogue = try Catalogue.embedded()
    let file = try SegmentationFile(text, file: path, catalogue: catalogue)
    let segmentation = try Segmentation(file, catalogue: catalogue)
    let error = #expect(throws: AuthorityServerError.self) {
      try segmentation.joinGrant(
        node: nil, components: ["calico-node,backup"], uses: 1, expiresAt: Date() + 60)
    }
    #expect(error?.message.contains("has a comma") == true)
  }

  @Test func anInvalidTokenIsRefused() async throws {
    let authority = try TestAuthority()
    let expired = try authority.token(lasting: -1)
    let revoked = try authority.token()
    try authority.ledger.revokeTokens([revoked.id], at: Date())
    let used = try authority.token()
    try await authority.serving { server in
      #expect(try await server.enrol("calico-node.node-1", with: used.secretText).status == 200)
      #expect(try await server.enrol("cni-plugin.node-1", with: used.secretText).status == 200)
      for (token, reason) in [
        (expired.secretText, "expired"), (revoked.secretText, "revoked"), (used.secretText, "used"),
        (JoinToken().secretText, "not known"), ("rubbish", "not a join token"), (nil, "no token"),
        (used.secretText.uppercased(), "not a join token"),
      ] {
        let answer = try await server.enrol("calico-node.node-1", with: token)
        #expect(answer.status == 401)
        #expect(answer.error?.contains(reason) == true, "\(answer.body)")
      }
    }
    #expect(try authority.issued().count == 2)
  }

  @Test func concurrentRequestsToSeveralServersUseATokenOnce() async throws {
    let authority = try TestAuthority()
    let token = try authority.token().secretText
    let statuses = try await authority.serving { first in
      // One process writes an audit log.
      try await authority.serving {
        $0.auditFile = authority.folder + "/second.log"
      } _: { second in
        try await withThrowingTaskGroup(of: Int.self) { group in
          for number in 0..<24 {
            let server = number.isMultiple(of: 2) ? first : second
            group.addTask { try await server.enrol("calico-node.node-1", with: token).status }
          }
          return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
      }
    }
    #expect(statuses == [200: 1, 401: 23])
    #expect(try authority.issued().count == 1)
  }

  @Test func invalidRequestsGetAClearRefusal() async throws {
    let authority = try TestAuthority()
    let token = try authority.token().secretText
    try await authority.serving { server in
      let signed = try ClientKey().csr(for: "calico-node.node-1")
      let tampered = signed.replacingOccurrences(of: "MII", with: "MIJ")
      for body in [
        "", "{", "[]", "{\"csr\": 1}", "{\"csr\": \"\"}", "{\"csr\": \"-----BEGIN\"}",
        String(repeating: "[", count: 9_000),
      ]
        + [try json(tampered), try json(signed + signed)]
      {
        let answer = try await server.send(
          EnrolmentRequest.path, token: token,
          body: .stream(
            AsyncStream {
              $0.yield(Array(body.utf8))
              $0.finish()
            }))
        #expect(answer.status == 400, "\(body.prefix(60))")
        #expect(answer.error != nil)
      }
      #expect(try await server.enrol("calico-node.node-1", with: token).status == 200)
      #expect(try await server.send("/v1/enroll", method: "GET").status == 404)
      #expect(try await server.send("/", method: "GET").status == 404)
    }
  }

  private func json(_ csr: String) throws -> String {
    String(decoding: try JSONEncoder().encode(EnrolmentRequest(csr: csr)), as: UTF8.self)
  }

  @Test func theLedgerRecordsTheNodeIfNodesShareAUser() async throws {
    let authority = try TestAuthority(isolation: "node-certificate")
    let token = try authority.token(node: "node-2")
    let stranger = try authority.token(node: "node-3")
    try await authority.serving { server async throws in
      #expect(try await server.enrol("calico-node", with: token.secretText).status == 200)
      #expect(try await server.enrol("calico-node", with: stranger.secretText).status == 403)
    }
    let entries = try authority.issued()
    #expect(entries.map(\.identity) == ["calico-node"])
    #expect(entries.map(\.node) == ["node-2"])
  }
}
