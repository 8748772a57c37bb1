import Foundation
import Testing

@testable import Certificates

@Suite struct PrivateKeyTests {
  /// All ways to print a value without naming its parts.
  private func printed(_ value: Any) -> String {
    var dumped = ""
    dump(value, to: &dumped)
    let mirror = Mirror(reflecting: value).children.map { "\($0)" }.joined()
    return "\(value) \(String(describing: value)) \(String(reflecting: value)) \(dumped) \(mirror)"
  }

  @Test func isNeverPrinted() throws {
    let now = Date()
    let authority = try Authority.forTests(now: now)
    let credential = try authority.issue(client: "alice", lifetime: .days(1), now: now)
    for (value, key) in [
      (credential.key, credential.key), (credential, credential.key), ([credential.key], credential.key),
      (authority, authority.key),
    ] as [(Any, PrivateKey)] {
      let text = printed(value)
      #expect(text.contains("redacted"))
      #expect(!text.contains("PRIVATE KEY"))
      for line in try key.secretPEM().split(separator: "\n") where !line.hasPrefix("-----") {
        #expect(!text.contains(line))
      }
    }
  }

  @Test func errorsAboutABrokenKeyDoNotQuoteIt() throws {
    let pem = try PrivateKey.generate().secretPEM()
    let lines = pem.split(separator: "\n", omittingEmptySubsequences: false)
    let broken = [
      pem.replacingOccurrences(of: "-----END PRIVATE KEY-----", with: ""),
      pem.replacingOccurrences(of: "-----END PRIVATE KEY-----", with: "-----END KEY-----"),
      pem.replacingOccurrences(of: "BEGIN PRIVATE KEY-----", with: "BEGIN PRIVATE KEY"),
      pem.replacingOccurrences(of: "\n", with: " "),
      pem.replacingOccurrences(of: String(lines[1].prefix(8)), with: "########"),
      lines.filter { $0 != lines[2] }.joined(separator: "\n"),
      pem + pem,
    ]
    for text in broken {
      let error = try #require(throws: CertificatesError.self) { try PrivateKey(pem: text) }
      let printed = "\(error) \(String(reflecting: error)) \(message(error)) \(error.hint ?? "")"
      for line in lines where line.count > 8 && !line.hasPrefix("-----") {
        #expect(!printed.contains(line.suffix(12)))
      }
    }
  }
}
