import CertificateSources
import Certificates
import Files
import Foundation
import Synchronization
import TestSources
import Testing

@Suite(.timeLimit(.minutes(30))) struct VaultSourceTests {
  @Test func signsALocalKey() async throws {
    try await SourceDouble.with { double in
      double.allow(["calico-node.node-1"])
      let vault = VaultSource(try double.vault())
      let first = try await vault.get("calico-node.node-1")
      let second = try await vault.get("calico-node.node-1")
      #expect(first.credential.facts.user == "calico-node.node-1")
      #expect(first.credential.facts.alternativeNames.isEmpty)
      #expect(try first.credential.key.secretPEM() != second.credential.key.secretPEM())
      // A self-signed root is not sent.
      #expect(try CertificateFacts.all(pem: first.credential.certificatePEM).count == 1)
      #expect(first.etcdCA == nil)
    }
  }

  @Test func aCertificateForAUserWithAPasswordHasNoCommonName() async throws {
    try await SourceDouble.with { double in
      double.allow(["dhcp-agent-transport"])
      let got = try await VaultSource(try double.vault()).get("dhcp-agent-transport")
      #expect(got.credential.facts.commonNames.isEmpty)
      #expect(got.credential.facts.transportName == "dhcp-agent-transport")
      // One that was stored with a Common Name is refused, because etcd's gateway refuses it.
      let authority = try Authority.create(name: "ca", lifetime: .seconds(3_600), now: Date())
      try double.store(
        try authority.issue(client: "dhcp-agent", lifetime: .seconds(600), now: Date()),
        as: "calico/dhcp-agent-transport")
      let stored = VaultSource(try double.vault(nil, .keyValue(mount: "secret", path: "calico")))
      let error = try #require(try await stored.refusal("dhcp-agent-transport"))
      #expect(error.message.contains("it has a Common Name") && !error.isTransient, "\(error)")
    }
  }

  @Test func requestsTheLifetime() async throws {
    try await SourceDouble.with { double in
      double.allow(["felix"])
      let order = CertificateOrder(identity: "felix", lifetime: .seconds(600), current: nil)
      let got = try await VaultSource(double.vault()).order(order, now: Date())
      #expect(abs(got.credential.facts.notAfter.timeIntervalSinceNow - 600) < 60)
    }
  }

  @Test(arguments: ["appRole", "kubernetes", "jwt", "certificate"])
  func eachLoginRunsOnceAndAgainAfterItsTokenExpired(kind: String) async throws {
    try await SourceDouble.with { double in
      double.allow(["felix"])
      let vault = VaultSource(try double.vault(login(kind, double)))
      _ = try await vault.get("felix")
      _ = try await vault.get("felix")
      #expect(double.state.withLock(\.logins) == 1)
      double.state.withLock { $0.tokens = [] }
      _ = try await vault.get("felix")
      #expect(double.state.withLock(\.logins) == 2)
      #expect(double.issued.count == 3)
    }
  }

  @Test func concurrentRequestsShareOneLogin() async throws {
    try await SourceDouble.with { double in
      double.allow(["felix", "typha", "calico-node"])
      let vault = VaultSource(try double.vault(login("appRole", double)))
      for logins in 1...2 {
        async let felix = vault.get("felix")
        async let typha = vault.get("typha")
        async let node = vault.get("calico-node")
        _ = try await (felix, typha, node)
        #expect(double.state.withLock(\.logins) == logins)
        double.state.withLock { $0.tokens = [] }
      }
    }
  }

  @Test(arguments: ["appRole", "kubernetes", "jwt", "certificate"])
  func aWrongCredentialIsAPermanentRefusal(kind: String) async throws {
    try await SourceDouble.with { double in
      double.allow(["felix"])
      let vault = VaultSource(try double.vault(login(kind, double, isGood: false)))
      let error = try #require(try await vault.refusal("felix"))
      #expect(!error.isTransient)
      #expect(error.message == "vault \(double.url) answers 403: permission denied")
      #expect(double.issued.isEmpty)
    }
  }

  @Test func revokesTheTokenOfItsLoginAtTheEnd() async throws {
    try await SourceDouble.with { double in
      double.allow(["felix"])
      let vault = VaultSource(try double.vault(login("jwt", double)))
      await vault.leave()
      _ = try await vault.get("felix")
      // The agent leaves when its task was cancelled.
      await Task { [vault] in
        withUnsafeCurrentTask { $0?.cancel() }
        await vault.leave()
      }.value
      await vault.leave()
      #expect(double.state.withLock(\.revokedTokens).count == 1)
      #expect(double.state.withLock(\.tokens) == ["root-token"])
      // A token that was given is left.
      let given = VaultSource(try double.vault())
      _ = try await given.get("felix")
      await given.leave()
      #expect(double.state.withLock(\.tokens) == ["root-token"])
    }
  }

  @Test func aWrappedSecretIDIsUnwrappedOnce() async throws {
    try await SourceDouble.with { double in
      double.allow(["felix"])
      double.state.withLock { $0.wrapped["wrapping-token"] = "secret-id" }
      let wrapped = try double.file("wrapped", "wrapping-token\n")
      let secret = double.folder + "/unwrapped-secret-id"
      let login = VaultSettings.Login.appRole(
        mount: "approle", roleID: "role", secretID: Secret(file: secret), wrapped: wrapped)
      _ = try await VaultSource(try double.vault(login)).get("felix")
      #expect(try FileContents.readText(secret) == "secret-id\n")
      #expect(try FileContents.mode(of: secret) == 0o600)
      #expect(try FileContents.readIfPresent(wrapped) == nil)
      // After a restart of the agent.
      _ = try await VaultSource(try double.vault(login)).get("felix")
      // A token that another program has unwrapped before.
      _ = try double.file("wrapped", "wrapping-token\n")
      let error = try #require(try await VaultSource(try double.vault(login)).refusal("felix"))
      #expect(!error.isTransient)
      #expect(error.message.contains("it was used or has ended"))
      #expect(!error.message.contains("wrapping-token"))
    }
  }

  private func login(_ kind: String, _ double: SourceDouble, isGood: Bool = true) throws
    -> VaultSettings.Login
  {
    switch kind {
    case "appRole":
      return .appRole(
        mount: "approle", roleID: "role",
        secretID: Secret(file: try double.file("secret-id", isGood ? "secret-id" : "another")))
    case "kubernetes":
      return .kubernetes(
        mount: "kubernetes", role: "node",
        token: Secret(file: try double.file("jwt", isGood ? "jwt" : "another")))
    case "jwt":
      return .jwt(
        mount: "jwt", role: "node", token: Secret(file: try double.file("jwt", isGood ? "jwt" : "another")))
    default:
      let own = try double.credential(isGood ? "node-1" : "node-2")
      return .certificate(
        mount: "cert", role: nil, certificate: try double.file("own.crt", own.certificatePEM),
        key: try double.file("own.key", own.key.secretPEM()))
    }
  }

  @Test func theNamespaceIsSent() async throws {
    try await SourceDouble.with { double in
      double.allow(["felix"])
      double.state.withLock { $0.namespace = "team-a" }
      #expect(try await VaultSource(double.vault(namespace: "team-a")).refusal("felix") == nil)
      let error = try #require(try await VaultSource(double.vault(namespace: "team-b")).refusal("felix"))
      #expect(!error.isTransient)
      #expect(error.hint == "look at the mount, the path and the namespace")
    }
  }

  @Test func renewsAGivenTokenAtHalfOfItsLease() async throws {
    try await SourceDouble.with { double in
      let vault = VaultSource(try double.vault())
      let now = Date()
      for seconds in [0.0, 60, 1_799] { try await vault.maintain(now: now + seconds) }
      #expect(double.state.withLock(\.renewedTokens) == 1)
      try await vault.maintain(now: now + 1_801)
      #expect(double.state.withLock(\.renewedTokens) == 2)
    }
  }

  @Test func readsAChangedToken() async throws {
    try await SourceDouble.with { double in
      double.allow(["felix"])
      let vault = VaultSource(try double.vault())
      double.state.withLock { $0.tokens = ["new-token"] }
      #expect(try await vault.refusal("felix")?.isTransient == false)
      _ = try double.file("token", "new-token")
      #expect(try await vault.refusal("felix") == nil)
    }
  }

  @Test func theRoleDecidesWhichIdentitiesAreAllowed() async throws {
    try await SourceDouble.with { double in
      double.allow(["calico-node.node-1"])
      let error = try #require(try await VaultSource(double.vault()).refusal("calico-node.node-2"))
      #expect(!error.isTransient)
      #expect(
        error.message
          == "vault \(double.url) answers 400: common name calico-node.node-2 not allowed by this role")
      #expect(double.issued.isEmpty)
    }
  }

  // MARK: - KV

  private let keyValue = VaultSettings.Engine.keyValue(mount: "secret", path: "calico certs")

  @Test func usesAStoredCertificate() async throws {
    try await SourceDouble.with { double in
      let stored = try double.credential("felix")
      try double.store(stored, as: "calico certs/felix", ca: double.clients.certificatePEM)
      let got = try await VaultSource(double.vault(nil, keyValue)).get("felix")
      #expect(got.credential.facts.fingerprint == stored.facts.fingerprint)
      #expect(got.etcdCA == double.clients.certificatePEM)
    }
  }

  @Test func checksAStoredCertificate() async throws {
    try await SourceDouble.with { double in
      let vault = VaultSource(try double.vault(nil, keyValue))
      let begins = "the certificate that vault \(double.url) gave for \"felix\" is not used: "
      #expect(try await vault.refusal("felix")?.message == "vault \(double.url) answers 404")

      try double.store(double.credential("felix.node-2"), as: "calico certs/felix")
      let other = try #require(try await vault.refusal("felix"))
      #expect(other.message == begins + "its certificate does not have the user as its one Common Name")
      #expect(!other.isTransient)

      try double.store(
        double.credential("felix", lifetime: .seconds(60), now: Date() - 3_600), as: "calico certs/felix")
      let expired = try #require(try await vault.refusal("felix"))
      #expect(expired.message.hasPrefix(begins + "it has expired on 20"))
      #expect(expired.isTransient)

      try double.store(
        double.credential("felix", lifetime: .seconds(7_200), now: Date() + 3_600), as: "calico certs/felix")
      let early = try #require(try await vault.refusal("felix"))
      #expect(early.message.hasPrefix(begins + "it is not valid yet, not before 20"))
      #expect(early.isTransient)

      let (one, two) = (try double.credential("felix"), try double.credential("felix"))
      let mixed = ["certificate": one.certificatePEM, "key": try two.key.secretPEM()]
      double.state.withLock { $0.stored["calico certs/felix"] = mixed }
      #expect(
        try await vault.refusal("felix")?.message
          == "vault \(double.url): the key does not belong to the certificate of the secret")

      double.state.withLock { $0.stored["calico certs/felix"] = ["certificate": one.certificatePEM] }
      #expect(
        try await vault.refusal("felix")?.message
          == "vault \(double.url): the secret for \"felix\" lacks the field 'key'")
    }
  }
}
