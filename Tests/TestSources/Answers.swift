import Certificates
import Enrolment
import Foundation
import HTTP
import Names
import Synchronization

/// Answers like Vault (developer.hashicorp.com/vault/api-docs) and like `bulkhead authority serve`.
struct Answers: Sendable {
  let box: Box

  func respond(to request: Request) async throws -> Response {
    guard let double = box.double.withLock({ $0 }) else { return Self.errors(503, "starting") }
    double.state.withLock { $0.requests += 1 }
    let body = Data(try request.body.get())
    switch double.state.withLock(\.fault) {
    case .away:
      request.drop()
      return Self.errors(503, "away")
    case .slow(let seconds): try await Task.sleep(for: .seconds(seconds))
    case .status(let status):
      return Self.errors(status, "told to\u{1b}[2J, with \(Self.secrets(request, body))")
    case .rubbish: return Self.text(200, "<html>Welcome to nginx!</html>")
    case .oversized: return Self.text(200, String(repeating: "x", count: 3 << 20))
    case .redirect:
      return Response(.temporaryRedirect, fields: ["Location": "https://elsewhere.example/"])
    case .otherKey, nil: break
    }
    let path = request.path
    if path == EnrolmentRequest.path || path == EnrolmentRequest.renewalPath {
      return try await enrol(path, request, body, double)
    }
    if path == EnrolmentRequest.revocationListPath {
      guard let list = double.state.withLock(\.revocationList) else { return Self.refusal(404, "no list") }
      return Response(.ok, body: list)
    }
    return try await vault(path, request, body, double)
  }

  // MARK: - the authority server

  private func enrol(
    _ path: String, _ request: Request, _ body: Data, _ double: SourceDouble
  ) async throws -> Response {
    guard let order = try? JSONDecoder().decode(EnrolmentRequest.self, from: body),
      let csr = try? CertificateRequest(pem: order.csr)
    else { return Self.refusal(400, "this is no request") }
    if path == EnrolmentRequest.renewalPath {
      guard request.peer == csr.name else {
        return Self.refusal(403, "the certificate is another's")
      }
    } else {
      let token = request.fields["authorization"].map { String($0.dropFirst("Bearer ".count)) } ?? ""
      let isGood = double.state.withLock { state in
        state.allowed[token]?.contains(csr.name) == true && state.joinTokens.remove(token) != nil
      }
      guard isGood else { return Self.refusal(403, "the token is not for \(csr.name)") }
    }
    return Self.json(
      200,
      EnrolmentResponse(
        certificate: try sign(csr, double), etcdCA: double.clients.certificatePEM))
  }

  private func sign(_ csr: CertificateRequest, _ double: SourceDouble) throws -> String {
    let (fault, lifetime) = double.state.withLock { ($0.fault, $0.lifetime) }
    double.state.withLock { $0.issued.append(csr.name) }
    if fault == .otherKey { return try double.credential(csr.name).certificatePEM }
    return try Issuer(double.clients, ledger: nil, lifetime: lifetime, now: Date()).sign(
      csr, for: CertificateHolder(client: csr.name), file: nil)
  }

  // MARK: - Vault

  private func vault(
    _ path: String, _ request: Request, _ body: Data, _ double: SourceDouble
  ) async throws -> Response {
    let fields = (try? JSONSerialization.jsonObject(with: body)) as? [String: Any] ?? [:]
    let parts = path.split(separator: "/").map(String.init)
    guard parts.first == "v1", parts.count > 3 else { return Self.errors(404, "no handler for route") }
    if let namespace = double.state.withLock(\.namespace),
      Self.header("x-vault-namespace", request) != namespace
    {
      return Self.errors(404, "no handler for route in this namespace")
    }
    if parts[1] == "auth", parts.last == "login" {
      return try await login(parts[2], fields, request, double)
    }
    let token = Self.header("x-vault-token", request) ?? ""
    if path == "/v1/sys/wrapping/unwrap" {
      guard let secret = double.state.withLock({ $0.wrapped.removeValue(forKey: token) }) else {
        return Self.errors(400, "wrapping token is not valid or does not exist")
      }
      return Self.json(200, ["data": ["secret_id": secret]])
    }
    guard double.state.withLock({ $0.tokens.contains(token) }) else {
      return Self.errors(403, "permission denied")
    }
    if path == "/v1/auth/token/revoke-self" {
      double.state.withLock { state in
        state.tokens.remove(token)
        state.revokedTokens.append(token)
      }
      return Response(.noContent)
    }
    if path == "/v1/auth/token/renew-self" {
      double.state.withLock { $0.renewedTokens += 1 }
      return Self.json(200, ["auth": Auth(client_token: token, lease_duration: 3_600)])
    }
    if parts[2] == "sign" { return try sign(parts, fields, double) }
    let secret = parts.dropFirst(3).joined(separator: "/").removingPercentEncoding ?? ""
    guard parts[1] == "secret", parts[2] == "data",
      let found = double.state.withLock({ $0.stored[secret] })
    else { return Self.json(404, ["errors": [String]()]) }
    return Self.json(200, ["data": ["data": found]])
  }

  private func sign(_ parts: [String], _ fields: [String: Any], _ double: SourceDouble) throws -> Response {
    guard let text = fields["csr"] as? String, let csr = try? CertificateRequest(pem: text),
      fields["common_name"] as? String == (CertificateName(csr.name).isTransport ? nil : csr.name),
      fields["exclude_cn_from_sans"] as? Bool == true
    else { return Self.errors(400, "the request cannot be signed") }
    guard double.state.withLock({ $0.allowed[parts[3]]?.contains(csr.name) }) == true else {
      return Self.errors(400, "common name \(csr.name) not allowed by this role")
    }
    if let ttl = fields["ttl"] as? String, let seconds = Int(ttl.dropLast()) {
      double.state.withLock { $0.lifetime = .seconds(seconds) }
    }
    return Self.json(
      200,
      [
        "data": Signed(
          certificate: try sign(csr, double), issuing_ca: double.clients.certificatePEM,
          ca_chain: [double.clients.certificatePEM])
      ])
  }

  /// The accepted logins: AppRole `role`/`secret-id`, Kubernetes `node`/`jwt`, and a certificate of `node-1`.
  private func login(
    _ mount: String, _ fields: [String: Any], _ request: Request, _ double: SourceDouble
  ) async throws -> Response {
    let isGood =
      switch mount {
      case "approle":
        fields["role_id"] as? String == "role" && fields["secret_id"] as? String == "secret-id"
      case "kubernetes", "jwt": fields["role"] as? String == "node" && fields["jwt"] as? String == "jwt"
      case "cert": request.peer == "node-1"
      default: false
      }
    guard isGood else { return Self.errors(403, "permission denied") }
    let token = "token-\(UUID().uuidString)"
    double.state.withLock { state in
      state.logins += 1
      state.tokens.insert(token)
    }
    return Self.json(200, ["auth": Auth(client_token: token, lease_duration: 3_600)])
  }

  // Vault's own names.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private struct Auth: Encodable {
    let client_token: String
    let lease_duration: Int
  }
  // swift-format-ignore: AlwaysUseLowerCamelCase
  private struct Signed: Encodable {
    let certificate: String
    let issuing_ca: String
    let ca_chain: [String]
  }

  // MARK: - bodies

  private static func header(_ name: String, _ request: Request) -> String? {
    request.fields[name]
  }

  /// Repeats the secret in the answer: no message of a client may contain it.
  private static func secrets(_ request: Request, _ body: Data) -> String {
    let headers = [request.fields["authorization"], header("x-vault-token", request)]
    return headers.compactMap { $0 }.joined() + String(decoding: body, as: UTF8.self)
  }

  private static func text(_ status: Int, _ text: String) -> Response {
    Response(Status(status), text: text, type: "text/html")
  }

  private static func json(_ status: Int, _ value: some Encodable) -> Response {
    let bytes = (try? JSONEncoder().encode(value)) ?? Data()
    return Response(Status(status), fields: ["Content-Type": "application/json"], body: Array(bytes))
  }

  private static func errors(_ status: Int, _ text: String) -> Response {
    json(status, ["errors": [text]])
  }

  private static func refusal(_ status: Int, _ text: String) -> Response {
    json(status, EnrolmentRefusal(error: text, hint: "ask whoever gave you the token"))
  }
}
