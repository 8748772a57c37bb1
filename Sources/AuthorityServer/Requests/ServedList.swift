import Certificates
import Cryptography
import Files
import FoundationEssentials
import Glibc
import Synchronization
import Text

/// The current revocation list, for the agents of etcd's members. The file is read again when it was replaced.
final class ServedList: Sendable {
  private struct Held {
    let status: stat
    let bytes: [UInt8]
    let tag: String
  }

  private static let limit = 256 << 20

  private let path: String
  private let held = Mutex<Held?>(nil)

  init(in directory: String) { path = "\(directory)/\(Issuer.revocationListFile)" }

  /// - Parameter known: the tag of a list that need not be read again.
  func answer(known: String?) -> ListAnswer {
    guard let list = current else { return .none }
    return known == list.tag ? .same : .list(list.bytes, tag: list.tag)
  }

  private var current: Held? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return held.withLock { held in
      if let held, held.status.st_ino == status.st_ino, held.status.st_size == status.st_size,
        held.status.st_mtim.tv_sec == status.st_mtim.tv_sec,
        held.status.st_mtim.tv_nsec == status.st_mtim.tv_nsec
      {
        return held
      }
      guard let bytes = try? FileContents.readRegular(path, limit: Self.limit) else { return nil }
      held = Held(status: status, bytes: bytes, tag: "\"\(SHA256.hash(bytes).hexadecimal)\"")
      return held
    }
  }
}
