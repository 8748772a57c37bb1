import Certificates
import Enrolment
import FoundationEssentials
import HTTP
import Log

/// Decides on requests for a certificate, and writes each decision to the audit log before the answer.
struct EnrolmentDesk: Sendable {
  let signer: any Signer
  /// Nil if service-account tokens are not accepted.
  let serviceAccounts: ServiceAccounts?
  let rateLimit: RateLimit
  let audit: AuditLog
  let admission: Admission
  let metrics: ServerMetrics
  let logger: Logger

  /// The longest Common Name in bytes that a certificate gets.
  private static let longestName = 128

  /// What is known of a request so far.
  private struct Case {
    var identity: String?
    var method: String?
    var proof: String?
    /// The use of a service-account token.
    var use: TokenUse?
    /// The reason of an early renewal.
    var early: String?
  }

  func answer(_ visit: RequestContext, body: () throws(Refusal) -> [UInt8]) async -> Response {
    var known = Case()
    let outcome: Result<SignedOrder, any Error>
    do {
      outcome = .success(try await decide(visit, body, &known))
    } catch {
      outcome = .failure(error)
    }
    let (response, result) = await conclude(visit, known, outcome)
    metrics.count(
      method: known.method, result: result, seconds: (ContinuousClock.now - visit.began) / .seconds(1))
    return response
  }

  private func decide(
    _ visit: RequestContext, _ body: () throws(Refusal) -> [UInt8], _ known: inout Case
  ) async throws -> SignedOrder {
    try rateLimit.admit(visit.client, network: visit.network)
    let body = try body()
    let message = try? JSONDecoder().decode(EnrolmentRequest.self, from: Data(body))
    let proof = try await proof(of: visit, message?.proof, &known)
    guard let message else {
      throw Refusal(
        .badRequest, "the request is not the JSON that is expected",
        hint: "send {\"csr\": \"-----BEGIN ...\"}")
    }
    let request = try CertificateRequest(pem: message.csr)
    known.identity = request.name
    if visit.isRenewal { known.early = message.reason }
    guard request.name.utf8.count <= Self.longestName else {
      throw Refusal(
        .badRequest, "the request's Common Name has more than \(Self.longestName) bytes",
        hint: "ask for an identity of bulkhead.yaml")
    }
    return try await signer.fill(
      SigningOrder(csr: message.csr, request: request, proof: proof, reason: message.reason))
  }

  private func proof(
    of visit: RequestContext, _ signed: RenewalProof?, _ known: inout Case
  ) async throws -> SigningOrder.Proof {
    if visit.isRenewal {
      known.method = "certificate"
      guard let certificate = visit.certificate else {
        throw OrderRefusal(
          .unproven, "the client showed no certificate", hint: "renew over TLS with the current certificate")
      }
      known.proof = CertificateFacts(der: certificate)?.serial
      return .certificate(certificate, signed)
    }
    guard let bearer = visit.bearer else {
      throw OrderRefusal(
        .unproven, "the request has no token", hint: "send Authorization: Bearer with a join token")
    }
    known.method = "token"
    guard let token = JoinToken(bearer) else {
      guard let serviceAccounts, !bearer.hasPrefix(JoinToken.prefix) else {
        throw OrderRefusal(
          .unproven, "the token is not a join token", hint: "'bulkhead authority token' makes one")
      }
      known.method = "service-account"
      let proof = try await serviceAccounts.proof(of: bearer, now: Date())
      known.proof = proof.account
      known.use = proof.use
      return .serviceAccount(bearer, proof)
    }
    known.proof = token.id
    return .token(token)
  }

  /// Writes the decision to the audit log and converts it to an HTTP response.
  private func conclude(
    _ visit: RequestContext, _ known: Case, _ outcome: Result<SignedOrder, any Error>
  ) async -> (Response, result: String) {
    let refusal: Refusal?
    let filled: SignedOrder?
    switch outcome {
    case .success(let order): (filled, refusal) = (order, nil)
    case .failure(let error):
      (filled, refusal) = (nil, Refusal(error))
      if let failure = error as? IssuingFailure { logger.error("nothing was issued: \(failure.cause)") }
      if error is KeysUnavailable { logger.error("the cluster's keys cannot be read") }
      if error is SignerUnavailable { logger.error("the signer cannot be reached or does not answer") }
      if error is ReviewUnavailable { logger.error("the API server does not answer a TokenReview") }
    }
    let decision: AuditEntry.Decision = refusal != nil ? .refused : visit.isRenewal ? .renewed : .issued
    do {
      let entry = AuditEntry(
        time: Date(), decision: decision, identity: known.identity, node: filled?.node,
        method: known.method, proof: known.proof, pod: known.use?.podUID, token: known.use?.id,
        client: visit.client, reason: refusal?.message, early: known.early, serial: filled?.serial)
      if let refusal {
        try await audit.refuse(entry, status: refusal.status.code, network: visit.network)
      } else {
        try await audit.record(entry)
        admission.remember(visit.client)
      }
    } catch {
      logger.error("the decision is not in the audit log, so nothing is sent: \(error)")
      return (
        Refusal(.serviceUnavailable, "the decision could not be written down", retryAfter: 10).response,
        "failed"
      )
    }
    if let filled {
      let response = EnrolmentResponse(certificate: filled.certificatePEM, etcdCA: filled.etcdCA)
      return (Response(json: response), decision.rawValue)
    }
    let status = refusal?.status ?? .internalServerError
    let result = status == .tooManyRequests ? "limited" : status == .serviceUnavailable ? "failed" : "refused"
    return (refusal?.response ?? Response(status), result)
  }
}
