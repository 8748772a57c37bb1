/// The status of an answer (RFC 9110, section 15), with the words that go with it on the wire.
package struct Status: Hashable, Sendable, CustomStringConvertible {
  /// From 100 to 999.
  package let code: Int

  /// - Parameter code: of three digits; any other becomes 500.
  package init(_ code: Int) { self.code = (100...999).contains(code) ? code : 500 }

  package static let ok = Status(200)
  package static let created = Status(201)
  package static let noContent = Status(204)
  package static let temporaryRedirect = Status(307)
  package static let badRequest = Status(400)
  package static let unauthorized = Status(401)
  package static let forbidden = Status(403)
  package static let notFound = Status(404)
  package static let requestTimeout = Status(408)
  package static let contentTooLarge = Status(413)
  package static let targetTooLong = Status(414)
  package static let expectationFailed = Status(417)
  package static let tooManyRequests = Status(429)
  package static let fieldsTooLarge = Status(431)
  package static let internalServerError = Status(500)
  package static let notImplemented = Status(501)
  package static let serviceUnavailable = Status(503)
  package static let versionNotSupported = Status(505)

  /// Whether an answer with this status never has a body (RFC 9110, section 6.4.1).
  var isWithoutBody: Bool { code < 200 || code == 204 || code == 304 }

  package var description: String { "\(code) \(words)" }

  var words: String {
    switch code {
    case 100: "Continue"
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 303: "See Other"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 417: "Expectation Failed"
    case 422: "Unprocessable Content"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: "Status \(code)"
    }
  }
}
