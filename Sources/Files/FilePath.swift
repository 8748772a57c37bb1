/// Splits a path into directory and name, by text alone, without access to the file system.
struct FilePath {
  let directory: String
  let name: String

  /// - Throws: ``FileError`` if the path has no file name or contains a NUL byte, at which C functions would
  ///   cut it off.
  init(_ path: String) throws {
    guard let slash = path.lastIndex(of: "/") else {
      self.directory = "."
      self.name = try Self.checked(path)
      return
    }
    let directory = path[..<slash]
    self.directory = directory.isEmpty ? "/" : String(directory)
    self.name = try Self.checked(String(path[path.index(after: slash)...]))
    try Self.refuseNUL(self.directory)
  }

  /// The name unchanged, if it is valid as a name of a file in a directory.
  static func checked(_ name: String) throws -> String {
    guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(UInt8(ascii: "/")) else {
      throw FileError(
        .invalidPath, name, "\"\(name)\" is not a file name", hint: "give a path that ends in a file name")
    }
    try refuseNUL(name)
    return name
  }

  static func refuseNUL(_ path: String) throws {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw FileError(.invalidPath, path, "the path is empty or holds a NUL byte", hint: "give another path")
    }
  }
}
