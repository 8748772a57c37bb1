import CertificateSources
import Certificates
import Files
import Foundation
import Synchronization
import TestSources
import Testing

/// Faults of a source, tested with both network sources.
@Suite(.timeLimit(.minutes(30))) struct FaultTests {
  @Test(arguments: [
    (SourceDouble.Fault.away, true, "it is closed at once"),
    (.slow(30), true, "does not answer in time"),
    (.status(500), true, "answers 500"), (.status(503), true, "answers 503"),
    (.status(429), true, "answers 429"), (.status(400), false, "answers 400"),
    (.status(403), false, "answers 403"), (.redirect, false, "answers 307"),
    (.rubbish, true, "answers with something"), (.oversized, true, "answers with more than 1048576 bytes"),
    (.otherKey, true, "the key does not belong to the certificate of the answer"),
  ]) func givesAClearErrorWithoutSecrets(fault: SourceDouble.Fault, isTransient: Bool, words: String)
    async throws
  {
    try await SourceDouble.with { double in
      double.allow(["felix"])
      double.fail(fault)
      var vault = try double.vault()
      var server = try double.server(token: "s3cret-join-token", for: ["felix"])
      // Long enough for a busy machine, short where the source is slow on purpose.
      let patience: Duration = if case .slow = fault { .seconds(2) } else { .seconds(60) }
      (vault.timeout, server.timeout) = (patience, patience)
      for source in [VaultSource(vault), ServerSource(server)] as [any CertificateSource] {
        let error = try #require(try await source.refusal("felix"))
        #expect(error.isTransient == isTransient, "\(error)")
        #expect(error.message.contains(words), "\(error)")
        #expect(error.hint != nil)
        let all = "\(error) \(error.hint ?? "")"
        for secret in ["root-token", "s3cret-join-token", "PRIVATE KEY", "\u{1b}"] {
          #expect(!all.contains(secret), "\(all)")
        }
      }
      // The source works again.
      double.fail(nil)
      server.timeout = .seconds(60)
      double.state.withLock { _ = $0.joinTokens.insert("s3cret-join-token") }
      #expect(try await VaultSource(double.vault()).refusal("felix") == nil)
      #expect(try await ServerSource(server).refusal("felix") == nil)
    }
  }

  @Test func aClosedPortIsAClearError() async throws {
    let folder = NSTemporaryDirectory() + "bulkhead-closed-port-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Directory.create(folder, mode: 0o700)
    try AtomicFile.write(Array("token".utf8), to: folder + "/token", mode: 0o600)
    let server = ServerSource(
      ServerSettings(
        address: try SourceAddress("https://127.0.0.1:1"), authority: nil,
        token: Secret(file: folder + "/token")))
    let error = try #require(try await server.refusal("felix"))
    #expect(error.isTransient)
    #expect(
      error.message == "no connection to the authority server https://127.0.0.1:1: it is refused")
  }

  @Test func onlyThePinnedAuthorityIsTrusted() async throws {
    try await SourceDouble.with { double in
      double.allow(["felix"])
      let other = try double.file("other.crt", double.clients.certificatePEM)
      let error = try #require(try await VaultSource(double.vault(authority: other)).refusal("felix"))
      #expect(
        error.message == "no trusted authority has issued the certificate of vault \(double.url)")
      #expect(!error.isTransient)
      #expect(double.state.withLock(\.requests) == 0)
      let broken = try double.file("broken.crt", "-----BEGIN")
      #expect(
        try await VaultSource(double.vault(authority: broken)).refusal("felix")?.message
          == "vault \(double.url): \(broken) cannot be read as PEM")
    }
  }

  /// A fault of the server or of a clock, and none of the authority's file: it passes.
  @Test(arguments: [
    (3 * 86_400.0, "expired on ", "renew it there"), (-86_400, "is not valid before ", "clocks"),
  ])
  func aCertificateOutOfTimeIsToldWithItsDate(age: Double, words: String, hint: String) async throws {
    try await SourceDouble.with(age: age) { double in
      double.allow(["felix"])
      let error = try #require(try await VaultSource(double.vault()).refusal("felix"))
      #expect(error.message.hasPrefix("vault \(double.url): the certificate of CN="), "\(error)")
      #expect(error.message.contains("\(words)20"), "\(error)")
      #expect(error.hint?.contains(hint) == true && error.isTransient)
      #expect(double.state.withLock(\.requests) == 0)
    }
  }

  @Test func theHostMustBeInTheCertificate() async throws {
    try await SourceDouble.with(host: "elsewhere.example") { double in
      double.allow(["felix"])
      let error = try #require(try await VaultSource(double.vault()).refusal("felix"))
      #expect(error.message == "the certificate of vault \(double.url) is for another host")
      #expect(!error.isTransient)
      #expect(double.state.withLock(\.requests) == 0)
    }
  }

  @Test func aMissingCredentialNamesItsPlace() async throws {
    try await SourceDouble.with { double in
      let vault = try double.vault(.token(Secret(file: "/nonexistent/token", variable: nil)))
      let error = try #require(try await VaultSource(vault).refusal("felix"))
      #expect(error.message == "no token for vault \(double.url)")
      #expect(error.hint == "put it in /nonexistent/token")
    }
  }
}
