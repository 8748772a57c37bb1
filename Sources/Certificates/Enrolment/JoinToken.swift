import Cryptography
import Text

/// A secret with which a node requests its certificates from an authority server: 256 random bits. The ledger
/// has only its hash, so a copy of the ledger cannot be used to request certificates. It cannot be printed by
/// mistake.
package struct JoinToken: Sendable {
  /// The prefix of its text, by which secret scanners recognise it.
  package static let prefix = "bulkhead-join-"
  private static let digits = 64

  /// The secret text. Write it only to a file with mode 0600.
  package let secretText: String

  /// A new token.
  package init() {
    var generator = SystemRandomNumberGenerator()
    secretText =
      Self.prefix
      + (0..<Self.digits / 2).map { _ in UInt8.random(in: .min ... .max, using: &generator) }.hexadecimal
  }

  /// - Returns: nil if the text is not a join token.
  package init?(_ text: String) {
    guard text.hasPrefix(Self.prefix), text.utf8.count == Self.prefix.utf8.count + Self.digits,
      text.utf8.dropFirst(Self.prefix.utf8.count).allSatisfy(\.isLowerCaseHexadecimal)
    else { return nil }
    secretText = text
  }

  /// SHA-256 of the text. 256 random bits need no salt and no slow hash.
  var hash: String { SHA256.hash(Array(secretText.utf8)).hexadecimal }

  /// The name of the token in output and logs: the first twelve digits of its hash.
  package var id: String { String(hash.prefix(JoinTokenEntry.idLength)) }
}

extension JoinToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "join token \(id) (redacted)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension UInt8 {
  fileprivate var isLowerCaseHexadecimal: Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
  }
}
