import Files
import Foundation
import Glibc

/// A small file system in memory, for tests of a full disk.
package struct SmallDisk: Sendable {
  package let path: String
  private var ballast: String { path + "/ballast" }

  /// Whether it can be mounted here: only root may mount, and in some containers not even root.
  package static let isPossible = (try? Mount(kilobytes: 64))?.unmount() != nil

  /// Mounts a disk for the duration of `body`.
  /// - Parameter path: The mount point, a folder that does not exist yet; nil for any.
  package static func with<Result>(
    kilobytes: Int, at path: String? = nil, _ body: (SmallDisk) async throws -> Result
  ) async throws -> Result {
    let mount = try Mount(kilobytes: kilobytes, at: path)
    defer { mount.unmount() }
    return try await body(SmallDisk(path: mount.path))
  }

  /// Fills the disk completely.
  package func fill() throws {
    let descriptor = open(ballast, O_WRONLY | O_CREAT, 0o600)
    guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    defer { close(descriptor) }
    let page = [UInt8](repeating: 0, count: 4_096)
    while write(descriptor, page, page.count) > 0 {}
  }

  /// Frees the space again.
  package func empty() throws { try FileManager.default.removeItem(atPath: ballast) }

  private struct Mount {
    let path: String

    init(kilobytes: Int, at place: String? = nil) throws {
      path = place ?? NSTemporaryDirectory() + "bulkhead-disk-" + UUID().uuidString
      try Directory.create(path)
      guard mount("tmpfs", path, "tmpfs", 0, "size=\(kilobytes)k") == 0 else {
        let code = errno
        rmdir(path)
        throw POSIXError(.init(rawValue: code) ?? .EIO)
      }
    }

    func unmount() {
      umount2(path, Int32(MNT_DETACH))
      rmdir(path)
    }
  }
}
