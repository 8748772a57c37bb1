/// Why a source gave no certificate: one sentence, and what to do about it. Never holds a credential.
public struct SourceError: Error, Hashable, Sendable, CustomStringConvertible {
  public let message: String
  public let hint: String?
  /// Whether asking again later may help: the source was away, slow or overloaded, and did not refuse.
  public let isTransient: Bool

  public var description: String { message }

  public init(_ message: String, hint: String? = nil, isTransient: Bool) {
    self.message = message
    self.hint = hint
    self.isTransient = isTransient
  }
}
