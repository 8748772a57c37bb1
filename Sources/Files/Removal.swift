import Glibc

extension Directory {
  /// Removes a file below a directory, then the folders on its path that are empty. Follows no symbolic
  /// links; a file or folder that does not exist is not an error.
  /// - Parameter path: Relative to `root`, which itself stays.
  /// - Throws: ``FileError``.
  package static func removeFile(_ path: String, in root: String) throws {
    let names = try path.split(separator: "/", omittingEmptySubsequences: false).map {
      try FilePath.checked(String($0))
    }
    try removeFile(names[...], in: OpenDirectory(root))
  }

  private static func removeFile(_ names: ArraySlice<String>, in directory: borrowing OpenDirectory) throws {
    guard let name = names.first else { return }
    let isFolder = names.count > 1
    if isFolder {
      guard let status = try directory.status(of: name, followingLinks: false) else { return }
      guard status.st_mode & S_IFMT == S_IFDIR else {
        throw FileError(errno: ENOTDIR, "open the directory", directory.path(of: name))
      }
      try removeFile(names.dropFirst(), in: OpenDirectory(name, in: directory))
    }
    guard unlinkat(directory.descriptor, name, isFolder ? AT_REMOVEDIR : 0) != 0 else { return }
    let code = errno
    if code == ENOENT || isFolder && (code == ENOTEMPTY || code == EEXIST) { return }
    throw FileError(errno: code, "remove", directory.path(of: name))
  }
}
