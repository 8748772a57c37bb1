/// Why a request has no whole body. Its connection is closed after the answer.
package enum BodyFault: Error, Hashable, Sendable {
  /// It is larger than the server takes; what was left of it is not read.
  case tooLarge
  /// It was not whole in time, or the client went.
  case incomplete
}
