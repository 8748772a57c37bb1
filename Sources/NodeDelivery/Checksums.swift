import Crypto

/// `SHA256SUMS` of a folder: what `sha256sum --check` reads in it.
public enum Checksums {
  public static let name = "SHA256SUMS"

  /// - Parameter files: Relative paths and contents.
  public static func text(_ files: [(path: String, bytes: [UInt8])]) -> String {
    files.sorted { $0.path < $1.path }.map { "\(sha256($0.bytes))  \($0.path)\n" }.joined()
  }

  static func sha256(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }
}
