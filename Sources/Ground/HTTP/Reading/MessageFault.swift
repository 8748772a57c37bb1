/// Why bytes are not accepted as a message: RFC 9112, in its strictest reading.
package struct MessageFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// What a server answers with; of an answer that a client read it means nothing.
  package let status: Status
  /// A few words in lower case with no full stop. Holds nothing of the message.
  package let reason: String

  init(_ status: Status, _ reason: String) {
    self.status = status
    self.reason = reason
  }

  static func malformed(_ reason: String) -> MessageFault { MessageFault(.badRequest, reason) }

  package var description: String { reason }
}
