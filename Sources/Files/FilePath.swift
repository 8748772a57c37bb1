/// The two halves of a path, by text alone: nothing is looked up.
struct FilePath {
  let directory: String
  let name: String

  /// - Throws: ``FileError`` where the path names no file or holds a NUL byte, which would cut it short.
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

  /// The name as given, if it can be the name of a file in a directory.
  static func checked(_ name: String) throws -> String {
    guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(UInt8(ascii: "/")) else {
      throw FileError(
        .invalidPath, name, "\"\(name)\" is no file name", hint: "give a path that ends in a file name")
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
