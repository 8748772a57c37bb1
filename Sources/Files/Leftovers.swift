import Glibc
import Synchronization

/// Temporary files of processes that were killed while they wrote. They may hold keys.
enum Leftovers {
  /// How old a file must be, in seconds, so that it is not one that another process is writing.
  private static let age = 600

  private struct Place: Hashable {
    let path: String
    let device: dev_t
    let inode: ino_t
  }

  private static let done = Mutex<Set<Place>>([])

  /// Removes them, once for each directory in the life of this process: to list a large directory at each
  /// write would take too long.
  static func remove(in directory: borrowing OpenDirectory) {
    guard let status = try? directory.status() else { return }
    let place = Place(path: directory.path, device: status.st_dev, inode: status.st_ino)
    guard done.withLock({ $0.insert(place).inserted }), let names = try? directory.names() else { return }
    let limit = time(nil) - age
    for name in names where name.hasPrefix(StagedFile.prefix) && name.hasSuffix(StagedFile.suffix) {
      guard let status = try? directory.status(of: name, followingLinks: false),
        status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(), status.st_mtim.tv_sec < limit
      else { continue }
      unlinkat(directory.descriptor, name, 0)
    }
  }
}
