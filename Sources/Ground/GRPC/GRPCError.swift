import Network
import Text

/// Why a call has no answer.
package struct GRPCError: Error, Hashable, Sendable {
  /// What the server did with the call, as far as the client can know.
  package enum Processing: Hashable, Sendable {
    /// The server did not see the call, or said that it left it alone: it can be sent again without harm.
    case surelyNot
    /// The call may or may not have been processed.
    case maybe
    /// The server answered with this status.
    case answered
  }

  package let status: GRPCStatus
  /// The server's words, or what happened to the connection, on one line: control and invisible characters are escaped.
  /// Never a secret.
  package let message: String
  package internal(set) var processing: Processing
  /// The client's certificate, its key or its authorities cannot be used; no request was sent.
  package let isAboutCredentials: Bool
  /// Why the connection could not be made or ended; nil if another reason is known, or none.
  package let cause: NetworkError?

  package init(
    _ status: GRPCStatus, _ message: String, processing: Processing, isAboutCredentials: Bool = false,
    cause: NetworkError? = nil
  ) {
    self.status = status
    self.message = visible(message)
    self.processing = processing
    self.isAboutCredentials = isAboutCredentials
    self.cause = cause
  }
}

extension GRPCError: CustomStringConvertible {
  package var description: String {
    switch processing {
    case .surelyNot: "\(status): \(message) (not processed)"
    case .maybe: "\(status): \(message) (maybe processed)"
    case .answered: "\(status): \(message)"
    }
  }
}
