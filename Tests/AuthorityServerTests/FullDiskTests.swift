import Certificates
import Files
import TestDisks
import Testing

@testable import AuthorityServer

/// The disk of the server is full.
@Suite(.enabled(if: SmallDisk.isPossible, "no disk can be mounted here"), .timeLimit(.minutes(30)))
struct FullDiskTests {
  @Test func issuesNothingIfTheLedgerIsFull() async throws {
    try await SmallDisk.with(kilobytes: 1_024) { disk in
      let authority = try TestAuthority(on: disk.path)
      let token = try authority.token()
      let outside = try TestAuthority()
      try await authority.serving {
        $0.auditFile = outside.audit
      } _: { server in
        try disk.fill()
        for _ in 0..<3 {
          let answer = try await server.enrol("calico-node.node-1", with: token.secretText)
          #expect(answer.status == 503)
          #expect(answer.error == "the certificate could not be issued")
          #expect(answer.headers["retry-after"] != nil)
          #expect(answer.certificate == nil)
        }
        #expect(try authority.issued().isEmpty)
        try disk.empty()
        // The token was not used.
        let answer = try await server.enrol("calico-node.node-1", with: token.secretText)
        #expect(answer.status == 200, "\(answer.body)")
        #expect(
          try authority.issued().map(\.serial) == [CertificateFacts(pem: #require(answer.certificate)).serial]
        )
      }
      #expect(try outside.auditEntries().map(\.decision) == [.refused, .refused, .refused, .issued])
    }
  }

  /// The signer has an audit log of its own.
  @Test func aSignerSendsNothingIfItsAuditLogIsFull() async throws {
    try await SmallDisk.with(kilobytes: 1_024) { disk in
      let authority = try TestAuthority()
      let token = try authority.token(uses: 40)
      let log = disk.path + "/signer.log"
      try await authority.signing {
        $0.auditFile = log
      } _: { () async throws in
        try await authority.serving(authority.asFront()) { server async throws in
          try disk.fill()
          // The last block of the log has room for a few lines.
          var answers: [Int] = []
          while answers.last != 503, answers.count < 30 {
            let answer = try await server.enrol("calico-node.node-1", with: token.secretText)
            #expect((answer.status == 503) == (answer.certificate == nil), "\(answer.body)")
            answers.append(answer.status)
          }
          #expect(answers.last == 503 && answers.dropLast().allSatisfy { $0 == 200 }, "\(answers)")
          try disk.empty()
          #expect(try await server.enrol("calico-node.node-1", with: token.secretText).status == 200)
        }
      }
      #expect(try AuditVerification([log]).isWhole)
      // The ledger has the certificate that was not sent, too.
      let lines = try authority.auditEntries(of: log)
      #expect(try lines.count { $0.method == "token" } + 1 == authority.issued().count)
    }
  }

  @Test func sendsNothingIfTheAuditLogIsFull() async throws {
    try await SmallDisk.with(kilobytes: 1_024) { disk in
      let authority = try TestAuthority()
      let token = try authority.token(uses: 2)
      try await authority.serving {
        $0.auditFile = disk.path + "/audit.log"
      } _: { server in
        try disk.fill()
        let refused = try await server.enrol("calico-node.node-1", with: token.secretText)
        #expect(refused.status == 503)
        #expect(refused.error == "the decision could not be written down")
        #expect(refused.certificate == nil)
        try disk.empty()
        #expect(try await server.enrol("calico-node.node-1", with: token.secretText).status == 200)
      }
      // The ledger has both, so they can be revoked.
      #expect(try authority.issued().count == 2)
      #expect(try FileContents.readText(disk.path + "/audit.log").split(separator: "\n").count == 2)
      #expect(try AuditVerification([disk.path + "/audit.log"]).isWhole)
    }
  }
}
