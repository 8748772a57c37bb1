import Cryptography

/// The passphrase of an encrypted key file. It is never printed.
package struct Passphrase: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
  package let bytes: SecretBytes

  /// - Throws: ``CertificatesError`` if it is empty.
  package init(_ bytes: [UInt8]) throws {
    guard !bytes.isEmpty else {
      throw CertificatesError("the passphrase is empty", hint: "give one of several words")
    }
    self.bytes = try SecretBytes(bytes)
  }

  /// In bytes.
  package var count: Int { bytes.count }

  package var description: String { "passphrase (redacted)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Returns the passphrase of a key. It is called only if the key is encrypted.
/// - Parameter: a description of the key, for a prompt.
package typealias PassphraseSource = @Sendable (String) throws -> Passphrase
