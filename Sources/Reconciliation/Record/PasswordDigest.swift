import Crypto
import CryptoExtras
import Foundation

/// Tells whether passwords are still those of before, without telling them.
///
/// Whoever reads etcd's store, a backup of it for instance, finds bcrypt hashes of the same passwords there, by default
/// of cost 10 (etcd, `server/embed/config.go`, `BcryptCost`). So that this is no easier way to them, also where somebody
/// has put a short one of their own into its file, it is made with scrypt at the cost that OWASP's cheat sheet on storing
/// passwords asks for, with a random salt, and once for the passwords of all users together: a plain hash, or an HMAC
/// whose key would stand beside it, could be tried a billion times a second. It takes a fraction of a
/// second and 32 MiB, however many users there are.
struct PasswordDigest: Codable, Hashable, Sendable {
  private let salt: Data
  private let digest: Data

  init(of passwords: [String: String]) throws {
    salt = SymmetricKey(size: .bits128).withUnsafeBytes { Data($0) }
    digest = try Self.key(from: passwords, salt).withUnsafeBytes { Data($0) }
  }

  func matches(_ passwords: [String: String]) throws -> Bool {
    // Keys are compared in a time that tells nothing.
    try SymmetricKey(data: digest) == Self.key(from: passwords, salt)
  }

  private static func key(from passwords: [String: String], _ salt: Data) throws -> SymmetricKey {
    // With its length before it no text runs into the next.
    let text = passwords.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
      .map { "\($0.utf8.count):\($0)" }.joined()
    return try KDF.Scrypt.deriveKey(
      from: Data(text.utf8), salt: salt, outputByteCount: 32, rounds: 1 << 15, blockSize: 8, parallelism: 3)
  }
}
