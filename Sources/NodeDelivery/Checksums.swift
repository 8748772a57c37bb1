import Cryptography
import Text

/// The file `SHA256SUMS` of a folder, in the format of `sha256sum --check`.
package enum Checksums {
  package static let name = "SHA256SUMS"

  /// - Parameter files: Relative paths and contents.
  package static func text(_ files: [(path: String, bytes: [UInt8])]) -> String {
    text(Dictionary(files.map { ($0.path, sha256($0.bytes)) }) { $1 })
  }

  /// The checksum of each relative path. Ignores lines in another format.
  static func read(_ text: String) -> [String: String] {
    var sums: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let sum = line.prefix(64)
      guard line.dropFirst(64).hasPrefix("  "), sum.allSatisfy(\.isHexDigit) else { continue }
      sums[String(line.dropFirst(66))] = String(sum)
    }
    return sums
  }

  static func text(_ sums: [String: String]) -> String {
    sums.sorted { $0.key < $1.key }.map { "\($0.value)  \($0.key)\n" }.joined()
  }

  static func sha256(_ bytes: [UInt8]) -> String {
    SHA256.hash(bytes).hexadecimal
  }
}
