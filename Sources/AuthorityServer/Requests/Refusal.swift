import Certificates
import Enrolment
import HTTP

/// A refusal as an HTTP response.
struct Refusal: Error, Hashable, Sendable {
  let status: Status
  let message: String
  let hint: String?
  /// The seconds after which a retry may succeed.
  let retryAfter: Int?

  init(_ status: Status, _ message: String, hint: String? = nil, retryAfter: Int? = nil) {
    self.status = status
    self.message = message
    self.hint = hint
    self.retryAfter = retryAfter
  }

  static let overloaded = Refusal(
    .serviceUnavailable, "too many requests wait for the ledger", hint: "ask again later", retryAfter: 2)

  /// - Parameter error: the cause. For a failure of the server the client does not get the cause.
  init(_ error: any Error) {
    switch error {
    case let refusal as Refusal: self = refusal
    case let refusal as OrderRefusal:
      self.init(
        refusal.kind == .unproven ? .unauthorized : .forbidden, refusal.message, hint: refusal.hint)
    case let error as CertificatesError: self.init(.badRequest, error.message, hint: error.hint)
    case is KeysUnavailable:
      self.init(
        .serviceUnavailable, "the cluster's keys cannot be read", hint: "ask again later", retryAfter: 10)
    case is ReviewUnavailable:
      self.init(
        .serviceUnavailable, "the API server does not answer a TokenReview", hint: "ask again later",
        retryAfter: 10)
    default:
      self.init(
        .serviceUnavailable, "the certificate could not be issued", hint: "the server's log says why",
        retryAfter: 10)
    }
  }

  var response: Response {
    var response = Response(json: EnrolmentRefusal(error: message, hint: hint), status: status)
    if let retryAfter { response.fields["Retry-After"] = "\(retryAfter)" }
    if status == .unauthorized { response.fields["WWW-Authenticate"] = "Bearer" }
    return response
  }
}
