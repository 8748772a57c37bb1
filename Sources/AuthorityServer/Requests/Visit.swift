import Enrolment
import Hummingbird

/// A request for a certificate, without its body.
struct Visit: Sendable {
  let isRenewal: Bool
  let client: String
  /// The secret after `Authorization: Bearer` (RFC 6750, section 2.1); nil without one.
  let bearer: String?
  /// The client's certificate in DER.
  let certificate: @Sendable () async throws -> [UInt8]?

  init(_ request: Request, client: String, certificate: @escaping @Sendable () async throws -> [UInt8]?) {
    isRenewal = request.uri.path == EnrolmentRequest.renewalPath
    self.client = client
    self.certificate = certificate
    let words = (request.headers[.authorization] ?? "").split(separator: " ")
    bearer = words.count == 2 && words[0].lowercased() == "bearer" ? String(words[1]) : nil
  }
}
