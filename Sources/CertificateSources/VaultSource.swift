import Credentials
import Files
import FoundationEssentials
import Names

/// HashiCorp Vault and OpenBao, which share the part of the HTTP API that is used here.
///
/// Sources: developer.hashicorp.com/vault/api-docs, secret/pki ("Sign certificate"), secret/kv/kv-v2 ("Read secret
/// version"), auth/approle, auth/kubernetes, auth/jwt, auth/cert, auth/token ("Renew a token (self)", "Revoke a token
/// (self)"), system/wrapping-unwrap, system/wrapping-lookup.
package actor VaultSource: CertificateSource {
  let settings: VaultSettings
  /// The token of the last login; nil before the first login, and if the token is given.
  private var token: String?
  /// The login in flight, shared by all requests that need a token.
  private var loggingIn: Task<String, any Error>?
  /// When to renew a given token.
  private var renewal = Date.distantPast

  package init(_ settings: VaultSettings) { self.settings = settings }

  package nonisolated var name: String { "vault \(settings.address)" }

  /// A secret is read every ten minutes: 5,000 nodes with three secrets each make 25 requests a second.
  /// Reading only its version would cost Vault as much, and need another permission.
  package nonisolated var revisit: Duration? {
    if case .keyValue = settings.engine { .seconds(600) } else { nil }
  }

  package func certificate(for order: CertificateOrder) async throws -> SourcedCertificate {
    switch settings.engine {
    case .pki(let mount, let role): try await sign(order, "/v1/\(mount)/sign/\(role)")
    case .keyValue(let mount, let path): try await read(order, "/v1/\(mount)/data/\(path)/\(order.identity)")
    }
  }

  /// A token that is given, not obtained by a login, expires unless it is renewed; it is renewed at half of
  /// its lease.
  package func maintain(now: Date) async throws {
    guard case .token = settings.login, now >= renewal else { return }
    let token = try await self.login()
    let answer = try await send("POST", "/v1/auth/token/renew-self", token, body: [String: String]())
    // A token that cannot be renewed is used until it expires.
    let lease = answer.decoded(VaultLogin.self)?.auth.leaseDuration ?? 0
    renewal = now + (lease > 0 ? Double(lease) / 2 : 3_600)
  }

  /// Revokes the token of the last login. A given token is left: others may use it.
  package func leave() async {
    guard let token else { return }
    self.token = nil
    // Also if this task is cancelled, because the process ends.
    let revoked = Task.detached {
      _ = try? await self.send("POST", "/v1/auth/token/revoke-self", token, body: [String: String]())
    }
    await revoked.value
  }

  // MARK: - certificates

  private func sign(_ order: CertificateOrder, _ path: String) async throws -> SourcedCertificate {
    let key = try PrivateKey.generate()
    let request = VaultSignRequest(
      csr: try CertificateRequest.make(for: order.identity, key: key),
      commonName: CertificateName(order.identity).isTransport ? nil : order.identity,
      excludeCnFromSans: true, format: "pem", ttl: order.lifetime.map { "\($0.components.seconds)s" })
    let signed = try await ask("POST", path, body: request, VaultSignResponse.self).data
    let chain = signed.caChain ?? [signed.issuingCa].compactMap { $0 }
    return SourcedCertificate(
      credential: try Credential(
        certificatePEM: ([signed.certificate] + chain).joined(separator: "\n"), key: key,
        source: "the answer"),
      etcdCA: nil)
  }

  private func read(_ order: CertificateOrder, _ path: String) async throws -> SourcedCertificate {
    let stored = try await ask("GET", path, body: String?.none, VaultKeyValueResponse.self).data.data
    guard let certificate = stored.certificate, let key = stored.key else {
      throw SourceError(
        "\(name): the secret for \"\(order.identity)\" lacks the field "
          + (stored.certificate == nil ? "'certificate'" : "'key'"),
        hint: "store the fields 'certificate', 'key' and perhaps 'ca', in PEM", isTransient: true)
    }
    return SourcedCertificate(
      credential: try Credential(
        certificatePEM: certificate, key: PrivateKey(pem: key, source: "the key in the secret"),
        source: "the secret"),
      etcdCA: stored.ca)
  }

  // MARK: - questions

  /// Sends a request with the current token, and once more with a new one if Vault refuses it: it may have
  /// expired.
  private func ask<Response: Decodable>(
    _ method: String, _ path: String, body: (some Encodable & Sendable)?, _: Response.Type
  ) async throws -> Response {
    var used = try await token()
    var answer = try await send(method, path, used, body: body)
    if answer.status == 403, !isTokenGiven {
      // Another request may have got a new token already.
      if token == used { token = nil }
      used = try await token()
      answer = try await send(method, path, used, body: body)
    }
    return try result(answer, hiding: used)
  }

  private func result<Response: Decodable>(
    _ answer: SourceConnection.Answer, hiding secret: String?
  ) throws -> Response {
    guard answer.status == 200 else { throw refusal(answer, hiding: secret) }
    if let response = answer.decoded(Response.self) { return response }
    throw SourceError(
      "\(name) answers with something else than Vault would", hint: "is this the right address?",
      isTransient: true)
  }

  private func refusal(_ answer: SourceConnection.Answer, hiding secret: String?) -> SourceError {
    let said =
      answer.decoded(VaultRefusal.self)?.errors.first.map { ": \(sourceWords($0, hiding: secret))" } ?? ""
    let hint =
      switch answer.status {
      case 300..<400: "give the address of the active node, or of the load balancer of the cluster"
      case 403: "look at the policy and the role of this node; a token may have ended"
      case 404: "look at the mount, the path and the namespace"
      case 400 where said.contains("keys of type"): "set key_type=any on the role: the agent makes P-256 keys"
      case 400 where said.contains("common_name field is required"):
        "set require_cn=false on the role: a certificate for a user with a password has no Common Name"
      case 503: "it is sealed or under maintenance; it is asked again"
      default: "look at its own log"
      }
    return SourceError(
      "\(name) answers \(answer.status)\(said)", hint: hint, isTransient: isTransient(status: answer.status))
  }

  private func send(
    _ method: String, _ path: String, _ token: String?, body: (some Encodable & Sendable)?
  ) async throws -> SourceConnection.Answer {
    var exchange = SourceConnection(
      name: name, address: settings.address, authority: settings.authority, timeout: settings.timeout)
    if case .certificate(_, _, let certificate, let key) = settings.login {
      // The token is bound to the certificate of its login.
      exchange.identity = .files(certificate: certificate, key: key)
    }
    var headers = ["X-Vault-Request": "true"]
    headers["X-Vault-Token"] = token
    headers["X-Vault-Namespace"] = settings.namespace
    return try await exchange.send(method, path, headers: headers, body: body)
  }

  // MARK: - login

  private var isTokenGiven: Bool { if case .token = settings.login { true } else { false } }

  private func token() async throws -> String {
    if isTokenGiven { return try await login() }
    if let token { return token }
    let task =
      loggingIn
      ?? Task {
        defer { loggingIn = nil }
        let token = try await login()
        self.token = token
        return token
      }
    loggingIn = task
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }

  private func login() async throws -> String {
    switch settings.login {
    case .token(let secret): return try secret.read("token for \(name)")
    case .appRole(let mount, let roleID, let secretID, let wrapped):
      if let wrapped, let file = secretID.file { try await unwrap(wrapped, to: file) }
      return try await login(
        mount, ["role_id": roleID, "secret_id": secretID.read("secret id for \(name)")],
        hiding: try secretID.readIfPresent())
    case .kubernetes(let mount, let role, let secret), .jwt(let mount, let role, let secret):
      return try await login(
        mount, ["role": role, "jwt": secret.read("service-account token for \(name)")],
        hiding: try secret.readIfPresent())
    case .certificate(let mount, let role, _, _):
      return try await login(mount, role.map { ["name": $0] } ?? [:], hiding: nil)
    }
  }

  /// Exchanges a wrapping token for the secret id that it wraps, and removes its file. Vault unwraps it once: if it
  /// was unwrapped before, another program may know the secret id.
  private func unwrap(_ wrapped: String, to file: String) async throws {
    guard let token = try Secret(file: wrapped).readIfPresent() else { return }
    let answer = try await send("POST", "/v1/sys/wrapping/unwrap", token, body: [String: String]())
    guard answer.status == 200 else {
      guard answer.status < 500 else { throw refusal(answer, hiding: token) }
      throw SourceError(
        "\(name) does not unwrap the token in \(wrapped): it was used or has ended",
        hint:
          "destroy the secret ids of this node's AppRole and make another one: another program may have used it",
        isTransient: false)
    }
    guard let secretID = answer.decoded(VaultWrappedSecretID.self)?.data.secretId else {
      throw SourceError(
        "the token in \(wrapped) does not wrap a secret id",
        hint: "make it with: vault write -wrap-ttl=10m -f auth/approle/role/ROLE/secret-id",
        isTransient: false)
    }
    try AtomicFile.write(Array("\(secretID)\n".utf8), to: file, mode: 0o600)
    let parts = wrapped.split(separator: "/").map(String.init)
    let folder = (wrapped.hasPrefix("/") ? "/" : "") + parts.dropLast().joined(separator: "/")
    try Directory.removeFile(parts.last ?? "", in: folder.isEmpty ? "." : folder)
  }

  private func login(_ mount: String, _ body: [String: String], hiding secret: String?) async throws -> String
  {
    let answer = try await send("POST", "/v1/auth/\(mount)/login", nil, body: body)
    let login: VaultLogin = try result(answer, hiding: secret)
    return login.auth.clientToken
  }
}
