import Glibc

/// Reads whole files that are expected to be small.
package enum FileContents {
  /// 16 MiB, more than any file that Bulkhead reads.
  package static let defaultLimit = 16 << 20

  /// The bytes of a file, a pipe or a device such as `/dev/stdin`.
  /// - Parameter limit: The largest size to accept, in bytes.
  /// - Throws: ``FileError`` of kind `missing`, `isDirectory`, `permission`, `tooLarge` and others.
  package static func read(_ path: String, limit: Int = defaultLimit) throws -> [UInt8] {
    try FilePath.refuseNUL(path)
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw FileError(errno: errno, "read", path) }
    defer { close(file) }
    return try read(descriptor: file, path: path, limit: limit)
  }

  /// The bytes of a file; nil if it does not exist.
  package static func readIfPresent(_ path: String, limit: Int = defaultLimit) throws -> [UInt8]? {
    do {
      return try read(path, limit: limit)
    } catch let error as FileError where error.kind == .missing {
      return nil
    }
  }

  /// The text of a file in UTF-8.
  /// - Throws: ``FileError``; of kind `notText` if the bytes are not valid UTF-8.
  package static func readText(_ path: String, limit: Int = defaultLimit) throws -> String {
    guard let text = String(validating: try read(path, limit: limit), as: UTF8.self) else {
      throw FileError(
        .notText, path, "\(path) is not text in UTF-8", hint: "check that this is the right file")
    }
    return text
  }

  /// The bytes of standard input, whatever it is.
  /// - Throws: ``FileError`` of kind `tooLarge` and others.
  package static func readStandardInput(limit: Int) throws -> [UInt8] {
    try read(descriptor: STDIN_FILENO, path: "standard input", limit: limit)
  }

  /// The permission bits of a file; of its target if it is a symbolic link.
  package static func mode(of path: String) throws -> mode_t {
    try FilePath.refuseNUL(path)
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileError(errno: errno, "look at", path) }
    return status.st_mode & 0o7777
  }

  static func read(descriptor: Int32, path: String, limit: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(errno: errno, "read", path)
      }
      if count == 0 { return bytes }
      bytes += chunk.prefix(count)
      guard bytes.count <= limit else {
        throw FileError(
          .tooLarge, path, "\(path) is larger than \(limit) bytes", hint: "check that this is the right file")
      }
    }
  }
}
