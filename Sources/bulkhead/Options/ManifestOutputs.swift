import Files
import Glibc
import Manifests
import Terminal

/// Checks the files that `manifest` writes before it writes one of them.
enum ManifestOutputs {
  /// Refuses a file of the user in the place of the Secrets' file.
  static func checkSecrets(_ path: String) throws {
    guard let found = try contents(of: path) else { return }
    guard let text = String(validating: found, as: UTF8.self), SegmentedManifest.holdsOnlyOwnSecrets(text)
    else {
      throw CommandError(
        "\(path) exists, and Bulkhead's Secrets are not all that it contains",
        hint: "name another file for the Secrets, or remove this one")
    }
  }

  /// Refuses a file of the user that another content would replace.
  /// - Parameter isOwn: Whether an earlier run wrote it.
  static func check(_ path: String, for text: String, isOwn: Bool) throws {
    guard !isOwn, let found = try contents(of: path), !found.elementsEqual(text.utf8) else { return }
    throw CommandError(
      "\(path) already exists and was not written by bulkhead",
      hint: "name another folder, or remove the file")
  }

  /// The bytes of a file; nil if it does not exist, and for a pipe or a device, which is refused when it is written.
  private static func contents(of path: String) throws -> [UInt8]? {
    do {
      return try FileContents.readRegularIfPresent(path, limit: 1 << 30)
    } catch let error as FileError where error.kind == .notRegularFile {
      return nil
    }
  }

  /// Whether two paths name one file, which need not exist.
  static func areSame(_ one: String, _ other: String) -> Bool {
    one != "-" && other != "-" && identity(of: one) == identity(of: other)
  }

  private static func identity(of path: String) -> String {
    if let own = inode(of: path) { return own }
    guard let slash = path.lastIndex(of: "/") else { return "\(inode(of: ".") ?? ".")/\(path)" }
    let folder = slash == path.startIndex ? "/" : String(path[..<slash])
    return "\(inode(of: folder) ?? folder)/\(path[path.index(after: slash)...])"
  }

  private static func inode(of path: String) -> String? {
    var status = stat()
    guard !path.utf8.contains(0), stat(path, &status) == 0 else { return nil }
    return "\(status.st_dev) \(status.st_ino)"
  }
}
