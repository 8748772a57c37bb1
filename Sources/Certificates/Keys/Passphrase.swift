import Cryptography

/// What protects a key on the disk. It is never printed.
package struct Passphrase: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
  let bytes: SecretBytes

  /// - Throws: ``CertificatesError`` where it is empty: it would protect nothing.
  package init(_ bytes: [UInt8]) throws {
    guard !bytes.isEmpty else {
      throw CertificatesError("the passphrase is empty", hint: "give one of several words")
    }
    self.bytes = try SecretBytes(bytes)
  }

  package var description: String { "passphrase (redacted)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Finds the passphrase of a key, once it is known that there is one.
/// - Parameter: what the key is, for a prompt.
package typealias PassphraseSource = @Sendable (String) throws -> Passphrase
