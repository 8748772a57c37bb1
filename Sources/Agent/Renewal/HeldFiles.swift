import Credentials
import Files
import FoundationEssentials

/// The files that an agent has written for one identity.
struct HeldFiles: Sendable {
  static let authority = "etcd-ca"
  static let certificate = "etcd-cert"
  static let key = "etcd-key"

  let generation: Generation
  let credential: Credential
  /// The authorities that the client trusts; nil if the file was lost.
  let etcdCA: String?

  /// Reads the files in a directory.
  /// - Returns: nil if the directory has no complete pair for the identity. An expired pair is returned.
  /// - Throws: `FileError` if a file cannot be read. The files must not be replaced then.
  init?(in directory: AtomicDirectory, identity: String, now: Date) throws {
    guard let generation = try directory.generation(),
      let certificate = try Self.text(Self.certificate, of: generation),
      let key = try Self.text(Self.key, of: generation),
      let credential = try? Credential(
        certificatePEM: certificate, key: PrivateKey(pem: key), source: directory.path)
    else { return nil }
    switch credential.fault(user: identity, now: now) {
    case nil, .expired, .notYetValid: break
    default: return nil
    }
    self.generation = generation
    self.credential = credential
    self.etcdCA = try Self.text(Self.authority, of: generation)
  }

  var certificate: HeldCertificate {
    let facts = credential.facts
    return HeldCertificate(
      notBefore: facts.notBefore, notAfter: facts.notAfter, obtained: generation.written,
      spread: Self.spread(facts.fingerprint))
  }

  /// A jitter from 0 to 1, derived from the fingerprint, so that a restart does not change it.
  private static func spread(_ fingerprint: String) -> Double {
    Double(UInt32(fingerprint.prefix(8), radix: 16) ?? 0) / Double(UInt32.max)
  }

  private static func text(_ name: String, of generation: Generation) throws -> String? {
    try generation.read(name, limit: 1 << 20).map { String(decoding: $0, as: UTF8.self) }
  }
}
