/// How a call ended, by its number (grpc, `doc/statuscodes.md`).
package enum GRPCStatus: Int, Hashable, Sendable, CaseIterable {
  case ok = 0
  case cancelled = 1
  case unknown = 2
  case invalidArgument = 3
  case deadlineExceeded = 4
  case notFound = 5
  case alreadyExists = 6
  case permissionDenied = 7
  case resourceExhausted = 8
  case failedPrecondition = 9
  case aborted = 10
  case outOfRange = 11
  case unimplemented = 12
  case `internal` = 13
  case unavailable = 14
  case dataLoss = 15
  case unauthenticated = 16

  /// As in "DEADLINE_EXCEEDED".
  package var name: String {
    "\(self)".map { $0.isUppercase ? "_\($0)" : $0.uppercased() }.joined()
  }

  /// What an HTTP status means that comes without a gRPC status, as from a proxy or a server that does not speak gRPC
  /// (grpc, `doc/http-grpc-status-mapping.md`).
  init(http status: Int) {
    switch status {
    case 400: self = .internal
    case 401: self = .unauthenticated
    case 403: self = .permissionDenied
    case 404: self = .unimplemented
    case 429, 502, 503, 504: self = .unavailable
    default: self = .unknown
    }
  }
}
