/// Why a certificate, a key or an authority cannot be made or used: one sentence, and what to do about it.
/// Never holds key material.
public struct CertificatesError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One sentence in lower case with no full stop.
  public let message: String
  public let hint: String

  public var description: String { message }

  init(_ message: String, hint: String) {
    self.message = message
    self.hint = hint
  }
}
