import Certificates
import Files
import Foundation
import Glibc
import Testing

@testable import AuthorityServer

/// No space is left where the server writes.
@Suite(.enabled(if: geteuid() == 0, "only root may mount"))
struct FullDiskTests {
  @Test func nothingIsIssuedThatTheLedgerCannotHold() async throws {
    try await withDisk { disk in
      let authority = try TestAuthority(on: disk)
      let token = try authority.token()
      let outside = try TestAuthority()
      try await authority.serving {
        $0.auditFile = outside.audit
      } _: { server in
        try fill(disk)
        for _ in 0..<3 {
          let answer = try await server.enrol("calico-node.node-1", with: token.secretText)
          #expect(answer.status == 503)
          #expect(answer.error == "the certificate could not be issued")
          #expect(answer.headers["retry-after"] != nil)
          #expect(answer.certificate == nil)
        }
        #expect(try authority.issued().isEmpty)
        #expect(unlink(disk + "/ballast") == 0)
        // The token was not spent.
        let answer = try await server.enrol("calico-node.node-1", with: token.secretText)
        #expect(answer.status == 200, "\(answer.body)")
        #expect(
          try authority.issued().map(\.serial) == [CertificateFacts(pem: #require(answer.certificate)).serial]
        )
      }
      #expect(try outside.auditEntries().map(\.decision) == [.refused, .refused, .refused, .issued])
    }
  }

  @Test func nothingIsGivenAwayThatTheAuditLogCannotHold() async throws {
    try await withDisk { disk in
      let authority = try TestAuthority()
      let token = try authority.token(uses: 2)
      try await authority.serving {
        $0.auditFile = disk + "/audit.log"
      } _: { server in
        try fill(disk)
        let refused = try await server.enrol("calico-node.node-1", with: token.secretText)
        #expect(refused.status == 503)
        #expect(refused.error == "the decision could not be written down")
        #expect(refused.certificate == nil)
        #expect(unlink(disk + "/ballast") == 0)
        #expect(try await server.enrol("calico-node.node-1", with: token.secretText).status == 200)
      }
      // Both are known, and can be revoked.
      #expect(try authority.issued().count == 2)
      #expect(try FileContents.readText(disk + "/audit.log").split(separator: "\n").count == 1)
    }
  }

  /// A file system of one megabyte, gone after `body`.
  private func withDisk(_ body: (String) async throws -> Void) async throws {
    let disk = NSTemporaryDirectory() + "bulkhead-disk-" + UUID().uuidString
    try Directory.create(disk)
    defer { try? FileManager.default.removeItem(atPath: disk) }
    guard mount("tmpfs", disk, "tmpfs", 0, "size=1m") == 0 else { return }
    defer { umount2(disk, Int32(MNT_DETACH)) }
    try await body(disk)
  }

  private func fill(_ disk: String) throws {
    let descriptor = open(disk + "/ballast", O_WRONLY | O_CREAT, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let page = [UInt8](repeating: 0, count: 4_096)
    while write(descriptor, page, page.count) > 0 {}
  }
}
