import Foundation

/// A folder with mode 0700 that is removed with the value that owns it. Keep the value until the test ends.
package final class TemporaryFolder: Sendable {
  package let path: String

  /// - Parameter parent: Where the folder is made; the system's folder for temporary files by default.
  package init(in parent: String? = nil) throws {
    let parent = parent.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
    path = parent.appendingPathComponent("bulkhead-test-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
