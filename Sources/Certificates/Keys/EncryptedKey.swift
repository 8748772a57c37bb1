import Crypto
import CryptoExtras
import Foundation
import SwiftASN1
import X509

/// A private key protected by a passphrase: PKCS#8's EncryptedPrivateKeyInfo (RFC 5958, section 3) with PBES2
/// (RFC 8018).
///
/// Written with PBKDF2-HMAC-SHA-256 and AES-256-CBC, which every `openssl` since 1.0 reads. Read with all hashes
/// and AES lengths of PBES2, and with scrypt (RFC 7914).
struct EncryptedKey: PEMRepresentable {
  static let defaultPEMDiscriminator = "ENCRYPTED PRIVATE KEY"

  let parameters: PBES2Parameters
  let ciphertext: [UInt8]

  /// What OWASP's Password Storage Cheat Sheet asks of PBKDF2 with SHA-256.
  private static let rounds = 600_000

  init(_ key: Certificate.PrivateKey, passphrase: Passphrase) throws {
    let cipher = PBES2Parameters.Cipher(keyBytes: 32, initializationVector: .random(16))
    self.parameters = PBES2Parameters(
      derivation: .pbkdf2(salt: .random(16), rounds: Self.rounds, hash: .sha256), cipher: cipher)
    self.ciphertext = Array(
      try AES._CBC.encrypt(
        key.pkcs8Bytes(), using: parameters.key(from: passphrase),
        iv: AES._CBC.IV(ivBytes: cipher.initializationVector)))
  }

  init(_ document: PEMDocument, source: String) throws {
    do {
      try self.init(derEncoded: document.derBytes)
    } catch {
      throw CertificatesError(
        "\(source) holds a protected private key that is damaged or protected in an unknown way",
        hint: "write it anew with openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256")
    }
  }

  /// - Throws: ``CertificatesError``. A wrong passphrase and a damaged key cannot be told apart.
  func key(passphrase: Passphrase, source: String) throws -> Certificate.PrivateKey {
    do {
      let plain = try AES._CBC.decrypt(
        ciphertext, using: parameters.key(from: passphrase),
        iv: AES._CBC.IV(ivBytes: parameters.cipher.initializationVector))
      return try Certificate.PrivateKey(derBytes: Array(plain))
    } catch {
      throw CertificatesError(
        "the passphrase of \(source) is wrong, or the key is damaged or of an unknown kind",
        hint: "try it with openssl pkey -noout -in")
    }
  }
}

extension EncryptedKey: DERImplicitlyTaggable {
  static var defaultIdentifier: ASN1Identifier { .sequence }

  init(derEncoded node: ASN1Node, withIdentifier identifier: ASN1Identifier) throws {
    self = try DER.sequence(node, identifier: identifier) { nodes in
      EncryptedKey(
        parameters: try PBES2Parameters(derEncoded: &nodes),
        ciphertext: Array(try ASN1OctetString(derEncoded: &nodes).bytes))
    }
  }

  func serialize(into coder: inout DER.Serializer, withIdentifier identifier: ASN1Identifier) throws {
    try coder.appendConstructedNode(identifier: identifier) { coder in
      try coder.serialize(parameters)
      try coder.serialize(ASN1OctetString(contentBytes: ciphertext[...]))
    }
  }

  private init(parameters: PBES2Parameters, ciphertext: [UInt8]) {
    self.parameters = parameters
    self.ciphertext = ciphertext
  }
}

extension PBES2Parameters {
  func key(from passphrase: Passphrase) throws -> SymmetricKey {
    switch derivation {
    case .pbkdf2(let salt, let rounds, let hash):
      try KDF.Insecure.PBKDF2.deriveKey(
        from: passphrase.bytes, salt: salt, using: hash.function, outputByteCount: cipher.keyBytes,
        unsafeUncheckedRounds: rounds)
    case .scrypt(let salt, let cost, let blockSize, let parallelism):
      try KDF.Scrypt.deriveKey(
        from: passphrase.bytes, salt: salt, outputByteCount: cipher.keyBytes, rounds: cost,
        blockSize: blockSize, parallelism: parallelism, maxMemory: 1 << 28)
    }
  }
}

extension PBES2Parameters.Hash {
  fileprivate var function: KDF.Insecure.PBKDF2.HashFunction {
    switch self {
    case .sha1: .insecureSHA1
    case .sha256: .sha256
    case .sha384: .sha384
    case .sha512: .sha512
    }
  }
}

extension Certificate.PrivateKey {
  /// The key in PKCS#8. The library writes RSA keys in PKCS#1, which is what PKCS#8 wraps (RFC 5958, section 2).
  fileprivate func pkcs8Bytes() throws -> [UInt8] {
    let document = try serializeAsPEM()
    guard document.discriminator == "RSA PRIVATE KEY" else { return document.derBytes }
    var coder = DER.Serializer()
    try coder.appendConstructedNode(identifier: .sequence) { coder in
      try coder.serialize(0)
      try coder.appendConstructedNode(identifier: .sequence) { coder in
        try coder.serialize([1, 2, 840, 113_549, 1, 1, 1] as ASN1ObjectIdentifier)
        try coder.serialize(ASN1Null())
      }
      try coder.serialize(ASN1OctetString(contentBytes: document.derBytes[...]))
    }
    return coder.serializedBytes
  }
}

extension [UInt8] {
  fileprivate static func random(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }
}
