import CertificateSources
import Certificates
import Foundation
import TestSources
import Testing

@Suite(.timeLimit(.minutes(30))) struct ServerSourceTests {
  @Test func enrolsWithATokenAndRenewsWithTheCertificate() async throws {
    try await SourceDouble.with { double in
      let source = ServerSource(try double.server(token: "join-1", for: ["felix.node-1"]))
      let first = try await source.get("felix.node-1")
      #expect(first.credential.facts.user == "felix.node-1")
      #expect(first.etcdCA == double.clients.certificatePEM)
      // The token allows one use.
      #expect(try await source.refusal("felix.node-1")?.isTransient == false)
      let second = try await source.get("felix.node-1", current: first.credential)
      #expect(try second.credential.key.secretPEM() != first.credential.key.secretPEM())
      _ = try await source.get("felix.node-1", current: second.credential)
      #expect(double.issued == ["felix.node-1", "felix.node-1", "felix.node-1"])
    }
  }

  @Test func theTokenOfAnotherNodeIsRefused() async throws {
    try await SourceDouble.with { double in
      let source = ServerSource(try double.server(token: "join-1", for: ["felix.node-1"]))
      let error = try #require(try await source.refusal("felix.node-2"))
      #expect(!error.isTransient)
      #expect(error.message.hasSuffix("answers 403: the token is not for felix.node-2"))
      #expect(error.hint == "ask whoever gave you the token")
      #expect(double.issued.isEmpty)
    }
  }

  @Test func theCertificateOfAnotherNodeIsRefused() async throws {
    try await SourceDouble.with { double in
      var settings = try double.server(token: "join-1", for: ["felix.node-1"])
      settings.token = Secret(file: nil)
      let source = ServerSource(settings)
      let other = try double.credential("felix.node-2")
      let error = try #require(try await source.refusal("felix.node-1", current: other))
      #expect(error.message.hasSuffix("answers 403: the certificate is another's"))
      #expect(double.issued.isEmpty)
    }
  }

  @Test func aRefusedRenewalFallsBackToAToken() async throws {
    try await SourceDouble.with { double in
      // A certificate that the server refuses, and one of an untrusted authority, which TLS refuses.
      let strange = try Authority.create(name: "old", lifetime: .seconds(3_600), now: Date())
        .issue(client: "felix", lifetime: .seconds(600), now: Date())
      for current in [try double.credential("felix.old"), strange] {
        let source = ServerSource(try double.server(token: "join-1", for: ["felix"]))
        let got = try await source.get("felix", current: current)
        #expect(got.credential.facts.user == "felix")
      }
      // Without a token the error is that of the renewal.
      var settings = try double.server(token: "join-1", for: ["felix"])
      settings.token = Secret(file: nil)
      let error = try #require(try await ServerSource(settings).refusal("felix", current: strange))
      #expect(error.message.contains("our certificate"), "\(error)")
    }
  }

  @Test func ofTwoRefusalsThatOfTheCertificateComesFirst() async throws {
    try await SourceDouble.with { double in
      let source = ServerSource(try double.server(token: "join-1", for: ["felix.node-2"]))
      let current = try double.credential("felix.old")
      let error = try #require(try await source.refusal("felix.node-1", current: current))
      #expect(!error.isTransient)
      #expect(
        error.message.hasSuffix(
          "answers 403: the certificate is another's; with the token: the authority server \(double.url) answers 403: the token is not for felix.node-1"
        ), "\(error)")
    }
  }
}
