import CertificateSources
import Certificates
import Foundation
import TestSources
import Testing

/// What the double is asked, asked of a real Vault or OpenBao where the environment names one.
@Suite(
  .enabled(if: RealVault.address != nil, "VAULT_ADDR and VAULT_TOKEN name no server"), .serialized)
struct RealVaultTests {
  private let identities = ["calico-node.node-1", "felix"]

  private func settings(
    _ engine: VaultSettings.Engine, _ login: VaultSettings.Login? = nil
  ) throws -> VaultSettings {
    VaultSettings(
      address: try SourceAddress(RealVault.address ?? ""), authority: RealVault.authority,
      namespace: RealVault.namespace, engine: engine,
      login: login ?? .token(Secret(file: nil, variable: "VAULT_TOKEN")))
  }

  @Test func aKeyMadeHereIsSigned() async throws {
    try await RealVault.with(identities: identities) { real in
      let vault = VaultSource(try settings(.pki(mount: real.pki, role: "calico")))
      let got = try await vault.get("calico-node.node-1")
      #expect(got.credential.facts.user == "calico-node.node-1")
      #expect(got.credential.facts.alternativeNames.isEmpty)
      let order = CertificateOrder(identity: "felix", lifetime: .seconds(120), current: nil)
      let short = try await vault.order(order, now: Date())
      #expect(short.credential.facts.notAfter.timeIntervalSinceNow < 180)
      let error = try #require(try await vault.refusal("calico-node.node-2"))
      #expect(!error.isTransient)
      try await vault.maintain(now: Date())
    }
  }

  @Test func anAppRoleLogsIn() async throws {
    try await RealVault.with(identities: identities) { real in
      let secret = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
      try Data(real.secretID.utf8).write(to: secret)
      defer { try? FileManager.default.removeItem(at: secret) }
      let login = VaultSettings.Login.appRole(
        mount: real.appRole, roleID: real.roleID, secretID: Secret(file: secret.path))
      let vault = VaultSource(try settings(.pki(mount: real.pki, role: "calico"), login))
      #expect(try await vault.refusal("felix") == nil)
      try Data("wrong".utf8).write(to: secret)
      let stranger = VaultSource(try settings(.pki(mount: real.pki, role: "calico"), login))
      #expect(try await stranger.refusal("felix")?.isTransient == false)
    }
  }

  @Test func whatIsStoredIsTaken() async throws {
    try await RealVault.with(identities: identities) { real in
      let authority = try Authority.create(name: "ca", lifetime: .seconds(3_600), now: Date())
      let stored = try authority.issue(client: "felix", lifetime: .seconds(600), now: Date())
      try await real.store(
        [
          "certificate": stored.certificatePEM, "key": stored.key.secretPEM(),
          "ca": authority.certificatePEM,
        ], as: "calico/felix")
      let vault = VaultSource(try settings(.keyValue(mount: real.keyValue, path: "calico")))
      let got = try await vault.get("felix")
      #expect(got.credential.facts.fingerprint == stored.facts.fingerprint)
      #expect(got.etcdCA == authority.certificatePEM)
      #expect(try await vault.refusal("calico-node.node-1") != nil)
    }
  }
}
