import Cryptography
import Enrolment
import HTTP

/// A request for a certificate, without its body.
struct RequestContext: Sendable {
  let isRenewal: Bool
  let client: String
  /// The /64 network of an IPv6 client; nil for an IPv4 client.
  let network: String?
  /// The secret after `Authorization: Bearer` (RFC 6750, section 2.1); nil without one.
  let bearer: String?
  /// The client's certificate in DER.
  let certificate: [UInt8]?
  let began: ContinuousClock.Instant

  init(_ request: Request) {
    isRenewal = request.path == EnrolmentRequest.renewalPath
    client = request.client
    network = request.network
    certificate = request.certificates.first?.der
    began = request.began
    let words = (request.fields["authorization"] ?? "").split(separator: " ")
    bearer = words.count == 2 && words[0].lowercased() == "bearer" ? String(words[1]) : nil
  }
}
