import Credentials
import Enrolment
import FoundationEssentials

/// Bulkhead's own authority server (`bulkhead authority serve`).
///
/// The first certificate needs a token; each later one is requested with the certificate before it, whose key signs the
/// request: a server that another process serves for need not trust that process.
package struct ServerSource: CertificateSource {
  let settings: ServerSettings

  package init(_ settings: ServerSettings) { self.settings = settings }

  package var name: String { "the authority server \(settings.address)" }

  package func certificate(for order: CertificateOrder) async throws -> SourcedCertificate {
    if let current = order.current {
      do {
        return try await renew(order, with: current)
      } catch let error as SourceError where !error.isTransient {
        // The certificate may be of a replaced authority, or revoked by mistake; a token still works then.
        guard try settings.token.readIfPresent() != nil else { throw error }
        do {
          return try await enrol(order)
        } catch let second as SourceError {
          // Why the certificate was refused is the cause, and its hint the one to follow.
          throw SourceError(
            "\(error.message); with the token: \(second.message)", hint: error.hint,
            isTransient: second.isTransient)
        }
      }
    }
    return try await enrol(order)
  }

  package func hasReplacedAuthority(of current: Credential) async throws -> Bool {
    let answer = try await exchange.send("GET", EnrolmentRequest.authorityPath)
    // A server of an earlier release does not tell.
    guard answer.status == 200 else { return false }
    let pem = String(decoding: answer.body, as: UTF8.self)
    let authorities = try PEMText(text: pem, source: "the answer of \(name)").certificates()
    return authorities.first.map { !$0.hasSigned(current.certificate) } ?? false
  }

  private func enrol(_ order: CertificateOrder) async throws -> SourcedCertificate {
    let token = try settings.token.read("token for \(name)")
    return try await ask(
      exchange, EnrolmentRequest.path, order, headers: ["Authorization": "Bearer \(token)"], hiding: token
    ) {
      EnrolmentRequest(csr: $0)
    }
  }

  private func renew(_ order: CertificateOrder, with current: Credential) async throws -> SourcedCertificate {
    var exchange = exchange
    exchange.identity = .credential(current)
    return try await ask(exchange, EnrolmentRequest.renewalPath, order, headers: [:], hiding: nil) { csr in
      let time = Int64(Date().timeIntervalSince1970)
      let reason = order.reason?.rawValue
      let signature = try current.key.signature(of: RenewalProof.text(time: time, reason: reason, csr: csr))
      return EnrolmentRequest(
        csr: csr, reason: reason,
        proof: RenewalProof(time: time, signature: Data(signature).base64EncodedString()))
    }
  }

  private var exchange: SourceConnection {
    SourceConnection(
      name: name, address: settings.address, authority: settings.authority, timeout: settings.timeout)
  }

  private func ask(
    _ exchange: SourceConnection, _ path: String, _ order: CertificateOrder, headers: [String: String],
    hiding secret: String?, _ body: (_ csr: String) throws -> EnrolmentRequest
  ) async throws -> SourcedCertificate {
    let key = try PrivateKey.generate()
    let answer = try await exchange.send(
      "POST", path, headers: headers,
      body: try body(CertificateRequest.make(for: order.identity, key: key)))
    guard answer.status == 200 else { throw refusal(answer, hiding: secret) }
    guard let response = answer.decoded(EnrolmentResponse.self) else {
      throw SourceError(
        "\(name) answers with something that is not a certificate", hint: "is this the right address?",
        isTransient: true)
    }
    return SourcedCertificate(
      credential: try Credential(certificatePEM: response.certificate, key: key, source: "the answer"),
      etcdCA: response.etcdCA)
  }

  private func refusal(_ answer: SourceConnection.Answer, hiding secret: String?) -> SourceError {
    let said = answer.decoded(EnrolmentRefusal.self)
    let words = said.map { ": \(sourceWords($0.error, hiding: secret))" } ?? ""
    return SourceError(
      "\(name) answers \(answer.status)\(words)",
      hint: said?.hint.map { sourceWords($0, hiding: secret) } ?? "its audit log says why",
      isTransient: isTransient(status: answer.status))
  }
}

/// Whether a status means a temporary failure, not a refusal.
func isTransient(status: Int) -> Bool { status >= 500 || status == 408 || status == 412 || status == 429 }
