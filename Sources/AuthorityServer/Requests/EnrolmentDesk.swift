import Certificates
import Enrolment
import FoundationEssentials
import HTTP
import Log

/// Decides on requests for a certificate, and writes each decision to the audit log before the answer.
struct EnrolmentDesk: Sendable {
  let rules: RulesFile
  /// Nil if service-account tokens are not accepted.
  let serviceAccounts: ServiceAccounts?
  let queue: IssuingQueue
  let rateLimit: RateLimit
  let audit: AuditLog
  let metrics: ServerMetrics
  let logger: Logger

  /// What is known of a request so far.
  private struct Case {
    var identity: String?
    var method: String?
    var proof: String?
  }

  func answer(_ visit: Visit, body: () throws(Refusal) -> [UInt8]) async -> Response {
    var known = Case()
    let outcome: Result<FilledOrder, any Error>
    do {
      outcome = .success(try await decide(visit, body, &known))
    } catch {
      outcome = .failure(error)
    }
    let (response, result) = conclude(visit, known, outcome)
    metrics.count(
      method: known.method, result: result, seconds: (ContinuousClock.now - visit.began) / .seconds(1))
    return response
  }

  private func decide(
    _ visit: Visit, _ body: () throws(Refusal) -> [UInt8], _ known: inout Case
  ) async throws -> FilledOrder {
    try rateLimit.admit(visit.client)
    let body = try body()
    let proof = try await proof(of: visit, &known)
    guard let message = try? JSONDecoder().decode(EnrolmentRequest.self, from: Data(body))
    else {
      throw Refusal(
        .badRequest, "the request is not the JSON that is expected",
        hint: "send {\"csr\": \"-----BEGIN ...\"}")
    }
    let request = try CertificateRequest(pem: message.csr)
    known.identity = request.commonName
    let rules = rules.rules
    return try await queue.fill(
      EnrolmentOrder(request, proof: proof, reason: message.reason) {
        (name, entitlement) throws(OrderRefusal) in
        try rules.holder(of: name, by: entitlement)
      })
  }

  private func proof(of visit: Visit, _ known: inout Case) async throws -> EnrolmentOrder.Proof {
    if visit.isRenewal {
      known.method = "certificate"
      guard let certificate = visit.certificate else {
        throw OrderRefusal(
          .unproven, "the client showed no certificate", hint: "renew over TLS with the current certificate")
      }
      known.proof = CertificateFacts(der: certificate)?.serial
      return .certificate(certificate)
    }
    guard let bearer = visit.bearer else {
      throw OrderRefusal(
        .unproven, "the request has no token", hint: "send Authorization: Bearer with a join token")
    }
    known.method = "token"
    guard let token = JoinToken(bearer) else {
      guard let serviceAccounts, !bearer.hasPrefix(JoinToken.prefix) else {
        throw OrderRefusal(
          .unproven, "the token is no join token", hint: "'bulkhead authority token' makes one")
      }
      known.method = "service-account"
      let (account, entitlement) = try await serviceAccounts.entitlement(of: bearer, now: Date())
      known.proof = account
      return .vouched(entitlement)
    }
    known.proof = token.id
    return .token(token)
  }

  /// Writes the decision to the audit log and converts it to an HTTP response.
  private func conclude(
    _ visit: Visit, _ known: Case, _ outcome: Result<FilledOrder, any Error>
  ) -> (Response, result: String) {
    let refusal: Refusal?
    let filled: FilledOrder?
    switch outcome {
    case .success(let order): (filled, refusal) = (order, nil)
    case .failure(let error):
      (filled, refusal) = (nil, Refusal(error))
      if let failure = error as? IssuingFailure { logger.error("nothing was issued: \(failure.cause)") }
      if error is KeysUnavailable { logger.error("the cluster's keys cannot be read") }
    }
    let decision: AuditEntry.Decision = refusal != nil ? .refused : visit.isRenewal ? .renewed : .issued
    do {
      try audit.record(
        AuditEntry(
          time: Date(), decision: decision, identity: known.identity, node: filled?.holder.node,
          method: known.method, proof: known.proof, client: visit.client, reason: refusal?.message,
          serial: filled?.serial))
    } catch {
      logger.error("no certificate is given away unwritten: \(error)")
      return (
        Refusal(.serviceUnavailable, "the decision could not be written down", retryAfter: 10).response,
        "failed"
      )
    }
    if let filled {
      let response = EnrolmentResponse(certificate: filled.certificatePEM, etcdCA: rules.rules.etcdCA)
      return (Response(json: response), decision.rawValue)
    }
    let status = refusal?.status ?? .internalServerError
    let result = status == .tooManyRequests ? "limited" : status == .serviceUnavailable ? "failed" : "refused"
    return (refusal?.response ?? Response(status), result)
  }
}
