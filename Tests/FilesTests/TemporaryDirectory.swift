import Foundation
import Glibc

/// A suite in which each test has its own directory, removed at the end of the test: Swift Testing creates an
/// instance per test.
class TemporaryDirectorySuite {
  let directory = NSTemporaryDirectory() + "bulkhead-files-" + UUID().uuidString

  init() throws {
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }
}

/// The names in a directory, hidden ones included.
func names(in directory: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
}

/// The status of a path itself, not of a link's target.
func status(of path: String) -> stat? {
  var status = stat()
  return lstat(path, &status) == 0 ? status : nil
}

func mode(of path: String) -> mode_t? { status(of: path).map { $0.st_mode & 0o7777 } }

func text(of path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
