import Cryptography
import FoundationEssentials

/// Tells whether passwords have changed, without storing them.
///
/// Someone who reads etcd's store, or a backup of it, already finds bcrypt hashes of the same passwords
/// there, by default with cost 10 (etcd, `server/embed/config.go`, `BcryptCost`). This digest must not be
/// easier to attack, even if someone has put a short password into a file. So it uses scrypt at the cost that
/// OWASP's password storage cheat sheet recommends, with a random salt, and once for the passwords of all
/// users together. A plain hash, or an HMAC with its key stored beside it, could be tried a billion times a
/// second. The digest takes a fraction of a second and 32 MiB, however many users there are.
struct PasswordDigest: Codable, Hashable, Sendable {
  private let salt: Data
  private let digest: Data

  init(of passwords: [String: String]) throws {
    salt = Data(try Randomness.bytes(16))
    digest = Data(try Self.key(from: passwords, salt))
  }

  func matches(_ passwords: [String: String]) throws -> Bool {
    // Compared in constant time.
    try isSameInConstantTime(Array(digest), Self.key(from: passwords, salt))
  }

  private static func key(from passwords: [String: String], _ salt: Data) throws -> [UInt8] {
    // Each value follows its length, so that different lists of values cannot give the same text.
    let text = passwords.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
      .map { "\($0.utf8.count):\($0)" }.joined()
    return try Scrypt.key(
      from: Array(text.utf8), salt: Array(salt), cost: 1 << 15, blockSize: 8, parallelism: 3, count: 32)
  }
}
