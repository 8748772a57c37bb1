import Certificates
import Foundation
import Testing

@testable import AuthorityServer

/// Messages of TLS itself, which no limit of HTTP counts.
@Suite(.timeLimit(.minutes(30))) struct KeyUpdateTests {
  /// TLS 1.3, RFC 8446, section 4.6.3: each side may replace its keys at any time, and ask the other side to do the same.
  @Test func clientsThatOnlyReplaceTheirKeysAreClosedAndOthersAreServed() async throws {
    let authority = try TestAuthority()
    let token = try authority.token(uses: 20)
    try await authority.serving {
      // Enough for a handshake on a busy machine.
      $0.limits.patience = .seconds(10)
    } _: { server async throws in
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<3 { group.addTask { try await Self.flood(server.port) } }
        for _ in 0..<3 {
          #expect(
            try await eventually {
              (try? await server.enrol("calico-node.node-1", with: token.secretText).status) == 200
            })
        }
        // Each flood ends when the server closes the connection, because no request has arrived in time. On a busy machine
        // that may happen during the handshake.
        var counts: [Int] = []
        for try await count in group { counts.append(count) }
        #expect(counts.contains { $0 > 50 }, "\(counts)")
      }
    }
  }

  /// Sends KeyUpdate messages that ask for one in return, until the server closes the connection.
  /// - Returns: how many were sent.
  private static func flood(_ port: Int) async throws -> Int {
    try await withCheckedThrowingContinuation { continuation in
      Thread {
        continuation.resume(
          with: Result {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            // s_client sends one for each block that it reads and that begins with K. It reports each on standard error.
            process.arguments = [
              "-c",
              "yes K | timeout 120 openssl s_client -connect 127.0.0.1:\(port) -tls1_3 2>&1 >/dev/null | grep -c KEYUPDATE",
            ]
            let pipe = Pipe()
            process.standardOutput = pipe
            process.standardError = FileHandle.nullDevice
            try process.run()
            let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            return Int(output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
          })
      }.start()
    }
  }
}
