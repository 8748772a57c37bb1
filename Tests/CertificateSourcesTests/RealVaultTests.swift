import CertificateSources
import Certificates
import Files
import Foundation
import TestSources
import Testing

/// The tests of the double, on a real Vault or OpenBao that the environment names.
@Suite(
  .enabled(if: RealVault.address != nil, "VAULT_ADDR and VAULT_TOKEN name no server"), .serialized,
  .timeLimit(.minutes(30)))
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

  @Test func signsALocalKey() async throws {
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

  /// The role of Documentation/agent.md for OpenStack's components.
  @Test func aCertificateForAUserWithAPasswordHasNoCommonName() async throws {
    try await RealVault.with(identities: ["dhcp-agent-transport"]) { real in
      let vault = VaultSource(try settings(.pki(mount: real.pki, role: "calico")))
      let refused = try #require(try await vault.refusal("dhcp-agent-transport"))
      #expect(refused.hint?.contains("require_cn=false") == true, "\(refused)")
      try await real.allowWithoutCommonName(as: "dhcp-agent-transport")
      let got = try await vault.get("dhcp-agent-transport")
      #expect(got.credential.facts.subject == "OU=dhcp-agent-transport")
    }
  }

  @Test func anAppRoleLogsIn() async throws {
    try await RealVault.with(identities: identities) { real in
      let secret = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
      try AtomicFile.write(Array(real.secretID.utf8), to: secret.path, mode: 0o600)
      defer { try? FileManager.default.removeItem(at: secret) }
      let login = VaultSettings.Login.appRole(
        mount: real.appRole, roleID: real.roleID, secretID: Secret(file: secret.path))
      let vault = VaultSource(try settings(.pki(mount: real.pki, role: "calico"), login))
      #expect(try await vault.refusal("felix") == nil)
      try AtomicFile.write(Array("wrong".utf8), to: secret.path, mode: 0o600)
      let stranger = VaultSource(try settings(.pki(mount: real.pki, role: "calico"), login))
      #expect(try await stranger.refusal("felix")?.isTransient == false)
    }
  }

  @Test(.enabled(if: RealVault.address?.hasPrefix("https") == true, "without TLS nobody shows a certificate"))
  func aCertificateLogsInAgainAfterItsTokenHasEnded() async throws {
    try await RealVault.with(identities: identities) { real in
      let hosts = try Authority.create(name: "hosts", lifetime: .seconds(3_600), now: Date())
      try await real.admit("node-1", of: hosts.certificatePEM, lasting: .seconds(600))
      let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
      try Directory.create(folder)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      func source(_ node: String, of authority: Authority, role: String?) throws -> VaultSource {
        let own = try authority.issue(client: node, lifetime: .seconds(600), now: Date())
        try AtomicFile.write(Array(own.certificatePEM.utf8), to: "\(folder)/\(node).crt", mode: 0o600)
        try AtomicFile.write(Array(own.key.secretPEM().utf8), to: "\(folder)/\(node).key", mode: 0o600)
        return VaultSource(
          try settings(
            .pki(mount: real.pki, role: "calico"),
            .certificate(
              mount: real.certificates, role: role, certificate: "\(folder)/\(node).crt",
              key: "\(folder)/\(node).key")))
      }
      for role in ["node", nil] {
        let vault = try source("node-1", of: hosts, role: role)
        #expect(try await vault.get("felix").credential.facts.user == "felix")
        // As after the end of its lifetime.
        try await real.endLogins()
        #expect(try await vault.refusal("felix") == nil)
        #expect(try await vault.refusal("calico-node.node-2")?.isTransient == false)
      }
      let strangers = try Authority.create(name: "hosts", lifetime: .seconds(3_600), now: Date())
      for (node, authority) in [("node-2", hosts), ("node-1", strangers)] {
        let error = try #require(
          try await source(node, of: authority, role: "node").refusal("felix"), "\(node)")
        #expect(!error.isTransient, "\(error)")
      }
    }
  }

  @Test(.enabled(if: RealVault.isHere, "it has to ask a server that the test starts here"))
  func aServiceAccountLogsIn() async throws {
    let cluster = ClusterDouble(issuer: "https://kubernetes.default.svc.cluster.local")
    try await APIServer.with(cluster) { server in
      try await RealVault.with(identities: identities) { real in
        try await real.admit(
          serviceAccount: "calico-node", audience: "vault", by: server,
          reviewer: cluster.token(account: APIServer.reviewer, node: nil))
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: file) }
        func refusal(_ token: String) async throws -> SourceError? {
          try AtomicFile.write(Array(token.utf8), to: file, mode: 0o600)
          let login = VaultSettings.Login.kubernetes(
            mount: real.kubernetes, role: "node", token: Secret(file: file))
          return try await VaultSource(settings(.pki(mount: real.pki, role: "calico"), login)).refusal(
            "felix")
        }
        let audience = ["vault"]
        let good = try cluster.token(account: "calico-node", node: "node-1", audience: audience)
        let refused = try await refusal(good)
        #expect(refused == nil, "\(refused?.message ?? "")")
        let stranger = ClusterDouble(issuer: cluster.issuer)
        for token in [
          try cluster.token(account: "default", node: "node-1", audience: audience),
          try cluster.token(account: "calico-node", node: "node-1", audience: ["bulkhead"]),
          try cluster.token(account: "calico-node", node: "node-1", audience: audience, lasting: -90),
          try stranger.token(account: "calico-node", node: "node-1", audience: audience), "rubbish",
        ] {
          let error = try #require(try await refusal(token))
          #expect(!error.message.contains(token))
          #expect(error.message.contains(" answers 4") || error.message.contains(" answers 5"), "\(error)")
        }
      }
    }
  }

  /// `Examples/signer/vault-transit`: the key of an authority is in the engine transit, and `ca.key` is gone.
  @Test(
    .enabled(if: RealVault.hasProgram, "neither vault nor bao is installed"),
    arguments: [KeyAlgorithm.p256, .p384, .rsa3072])
  func theEngineTransitSignsForAnAuthority(algorithm: KeyAlgorithm) async throws {
    let pki = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: pki) }
    try Authority.create(name: "clients", lifetime: .seconds(86_400), now: Date(), key: algorithm).save(
      to: pki)
    try await RealVault.with(identities: []) { real in
      try await real.takeKey(of: pki)
      #expect(!FileManager.default.fileExists(atPath: "\(pki)/ca.key"))
      let issuer = Issuer(
        try Authority.load(pki, now: Date()), ledger: try Ledger(in: pki), lifetime: .seconds(3_600),
        now: Date())
      let issued = try issuer.issue([(CertificateHolder(client: "felix"), "\(pki)/felix.crt")])
      #expect(issued.map(\.facts.user) == ["felix"])
      try issuer.ledger?.revoke(serials: [issued[0].facts.serial], at: Date(), because: .keyCompromise)
      _ = try issuer.writeRevocationList(in: pki, validity: .seconds(600))
      let list = try VerifiedRevocationList(
        der: FileContents.read("\(pki)/crl.der"), signedByOneOf: FileContents.readText("\(pki)/ca.crt"),
        source: "x")
      #expect(list.count == 1)
    }
  }

  /// `Examples/vault/bind-nodes`: all nodes have one role, and each gets the certificates of its own node.
  @Test(.enabled(if: RealVault.hasProgram, "neither vault nor bao is installed"))
  func aTokenOfAPodIsBoundToItsNode() async throws {
    let cluster = ClusterDouble(issuer: "https://kubernetes.default.svc.cluster.local")
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    try Directory.create(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try AtomicFile.write(Array(cluster.publicKeyPEM.utf8), to: "\(folder)/keys.pem", mode: 0o644)
    try await RealVault.with(identities: []) { real in
      _ = try real.run("bind-nodes", [cluster.issuer, "\(folder)/keys.pem"])
      func source(_ node: String, hasPod: Bool = true, audience: String = "vault") throws -> VaultSource {
        let file = "\(folder)/\(UUID().uuidString)"
        let token = try cluster.token(
          account: "calico-node", node: node, audience: [audience], lasting: 600, hasPod: hasPod)
        try AtomicFile.write(Array(token.utf8), to: file, mode: 0o600)
        return VaultSource(
          try settings(
            .pki(mount: real.pki, role: "calico-node"),
            .jwt(mount: real.jwt, role: "calico-node", token: Secret(file: file))))
      }
      let first = try source("node-1")
      #expect(try await first.get("calico-node.node-1").credential.facts.user == "calico-node.node-1")
      let second = try source("node-2")
      #expect(try await second.get("cni-plugin.node-2").credential.facts.user == "cni-plugin.node-2")
      // The login of another node changes nothing for the first one.
      #expect(try await first.refusal("calico-node.node-1") == nil)
      for name in ["calico-node.node-2", "calico-node", "kube-controllers"] {
        #expect(try await first.refusal(name)?.isTransient == false, "\(name)")
      }
      #expect(try await second.refusal("calico-node.node-1")?.isTransient == false)
      // The requester of a token that is bound to a node object chooses the node.
      #expect(try await source("node-2", hasPod: false).refusal("calico-node.node-2") != nil)
      #expect(try await source("node-2", audience: "bulkhead").refusal("calico-node.node-2") != nil)
      await first.leave()
      await second.leave()
    }
  }

  /// `Examples/vault/app-role`: a host without a token of Kubernetes.
  @Test(.enabled(if: RealVault.hasProgram, "neither vault nor bao is installed"))
  func aHostGetsItsSecretIDWrapped() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    try Directory.create(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await RealVault.with(identities: []) { real in
      _ = try real.run("app-role", ["node-1", folder])
      let wrapped = "\(folder)/wrapped-secret-id"
      let stolen = try FileContents.readText(wrapped)
      let login = VaultSettings.Login.appRole(
        mount: real.appRole, roleID: try FileContents.readText("\(folder)/role-id"),
        secretID: Secret(file: "\(folder)/secret-id"), wrapped: wrapped)
      let vault = VaultSource(try settings(.pki(mount: real.pki, role: "calico-node-1"), login))
      let refused = try await vault.refusal("calico-node.node-1")
      #expect(refused == nil, "\(refused?.message ?? "")")
      #expect(try await vault.refusal("calico-node.node-2")?.isTransient == false)
      #expect(try FileContents.readIfPresent(wrapped) == nil)
      await vault.leave()
      // A second program with the same wrapping token gets nothing, and says so.
      try AtomicFile.write(Array(stolen.utf8), to: wrapped, mode: 0o600)
      let late = VaultSource(try settings(.pki(mount: real.pki, role: "calico-node-1"), login))
      let error = try #require(try await late.refusal("calico-node.node-1"))
      #expect(error.message.contains("it was used or has ended"), "\(error)")
    }
  }

  @Test func usesAStoredCertificate() async throws {
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
      #expect(vault.revisit == .seconds(600))
      #expect(try await vault.refusal("calico-node.node-1") != nil)
    }
  }
}
