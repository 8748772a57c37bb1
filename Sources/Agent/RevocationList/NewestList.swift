import Credentials
import Files
import FoundationEssentials

/// The file beside a revocation list that says which the newest list so far was: `crl.der.newest`. It is written
/// together with the list, and keeps an older one out if the list is lost or damaged.
struct NewestList {
  static let suffix = ".newest"

  let path: String

  /// - Parameter isRequired: whether a damaged file is an error; otherwise the list in place says enough.
  /// - Returns: nil if the file does not exist.
  /// - Throws: `FileError` or ``KeeperFault``.
  func read(isRequired: Bool) throws -> RevocationListMark? {
    do {
      guard let bytes = try FileContents.readRegularIfPresent(path, limit: 1 << 16) else { return nil }
      if let mark = try? JSONDecoder().decode(RevocationListMark.self, from: Data(bytes)) { return mark }
    } catch {
      if isRequired { throw error }
      return nil
    }
    guard isRequired else { return nil }
    throw KeeperFault(
      "\(path) is damaged, and there is no list: whether a list is an older one is unknown",
      hint: "remove \(path) if the authority's newest list is served")
  }

  static func bytes(_ mark: RevocationListMark) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return Array(try encoder.encode(mark)) + [UInt8(ascii: "\n")]
  }
}
