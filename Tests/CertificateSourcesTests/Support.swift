import CertificateSources
import Certificates
import Foundation
import Synchronization
import TestSources

extension SourceDouble {
  /// Settings to use this double as Vault.
  func vault(
    _ login: VaultSettings.Login? = nil, _ engine: VaultSettings.Engine = .pki(mount: "pki", role: "calico"),
    authority: String? = nil, namespace: String? = nil
  ) throws -> VaultSettings {
    let token = try Secret(file: file("token", "root-token\n"))
    return VaultSettings(
      address: try SourceAddress(url), authority: authority ?? self.authority, namespace: namespace,
      engine: engine, login: login ?? .token(token))
  }

  func allow(_ identities: Set<String>, by role: String = "calico") {
    state.withLock { $0.allowed[role] = identities }
  }

  /// Settings to use this double as an authority server, with a join token for these identities.
  func server(token: String, for identities: Set<String>) throws -> ServerSettings {
    state.withLock { state in
      state.joinTokens.insert(token)
      state.allowed[token] = identities
    }
    return ServerSettings(
      address: try SourceAddress(url), authority: authority,
      token: Secret(file: try file("join-token", token)))
  }

  func store(_ credential: Credential, as path: String, ca: String? = nil) throws {
    var fields = ["certificate": credential.certificatePEM, "key": try credential.key.secretPEM()]
    fields["ca"] = ca
    state.withLock { [fields] in $0.stored[path] = fields }
  }
}

extension CertificateSource {
  func get(_ identity: String, current: Credential? = nil) async throws -> SourcedCertificate {
    try await order(
      CertificateOrder(identity: identity, lifetime: nil, current: current), now: Date())
  }

  /// The error of a request; nil if it succeeds.
  func refusal(_ identity: String, current: Credential? = nil) async throws -> SourceError? {
    do {
      _ = try await get(identity, current: current)
      return nil
    } catch let error as SourceError {
      return error
    }
  }
}
