internal import CLinux
import Glibc

/// A stream socket in the file system (Linux, unix(7)) that waits for its peer: for a few connections on threads of their
/// own. Closed with its last reference.
package final class LocalSocket: Sendable {
  /// The process at the other end, as the kernel knows it: it cannot be forged.
  package struct Peer: Hashable, Sendable {
    package let process: Int32
    package let user: UInt32
  }

  private let descriptor: Int32

  private init(owning descriptor: Int32) { self.descriptor = descriptor }

  deinit { Glibc.close(descriptor) }

  private static func make() throws(NetworkError) -> LocalSocket {
    do throws(SystemFailure) {
      let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue
      return LocalSocket(owning: try call { socket(AF_UNIX, Int32(kind), 0) })
    } catch {
      throw error.error("make a socket")
    }
  }

  /// - Throws: ``NetworkError``.
  package static func connect(to path: String) throws(NetworkError) -> LocalSocket {
    let made = try make()
    let address = try Self.address(path)
    do throws(SystemFailure) {
      _ = try call { Self.lend(address) { Glibc.connect(made.descriptor, $0, $1) } }
      return made
    } catch {
      throw error.error("connect to \(path)")
    }
  }

  /// Listens on a path. A socket file that no process listens on any more is replaced.
  /// - Parameters:
  ///   - mode: the permission bits of the socket file: those that may write it may connect.
  ///   - group: the group of the socket file, one that this process is in; nil for that of the folder or process.
  /// - Throws: ``NetworkError``.
  package static func listen(
    on path: String, mode: UInt32, group: UInt32? = nil
  ) throws(NetworkError) -> LocalSocket {
    if (try? connect(to: path)) != nil {
      throw .system(operation: "listen on \(path)", reason: "another process listens there")
    }
    var status = stat()
    if lstat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFSOCK else {
        throw .system(operation: "listen on \(path)", reason: "it is not a socket")
      }
      unlink(path)
    }
    let made = try make()
    let address = try Self.address(path)
    do throws(SystemFailure) {
      _ = try call { Self.lend(address) { bind(made.descriptor, $0, $1) } }
      // Before it listens, so that no client connects while the file has another mode (unix(7), ECONNREFUSED).
      if let group { _ = try call { lchown(path, uid_t.max, group) } }
      _ = try call { chmod(path, mode) }
      _ = try call { Glibc.listen(made.descriptor, 16) }
      return made
    } catch {
      throw error.error("listen on \(path)")
    }
  }

  /// Waits for a client.
  /// - Throws: ``NetworkError``, also after ``shutdown()``.
  package func accept() throws(NetworkError) -> LocalSocket {
    do throws(SystemFailure) {
      let flags = Int32(SOCK_CLOEXEC.rawValue)
      return LocalSocket(owning: try call { accept4(descriptor, nil, nil, flags) })
    } catch {
      throw error.error("accept a connection")
    }
  }

  /// - Throws: ``NetworkError``.
  package func peer() throws(NetworkError) -> Peer {
    var (process, user) = (Int32(0), UInt32(0))
    guard shim_peer(descriptor, &process, &user) == 0 else { throw SystemFailure().error("look at the peer") }
    return Peer(process: process, user: user)
  }

  /// Reads this many bytes.
  /// - Returns: nil if the peer has ended the connection before the first one.
  /// - Throws: ``NetworkError``, also if it ends in between.
  package func read(_ count: Int) throws(NetworkError) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = bytes.withUnsafeMutableBytes {
        recv(descriptor, $0.baseAddress.map { $0 + filled }, count - filled, 0)
      }
      if got < 0 {
        let failure = SystemFailure()
        if failure.code == EINTR { continue }
        throw failure.error("read")
      }
      guard got > 0 else {
        guard filled > 0 else { return nil }
        throw .ended
      }
      filled += got
    }
    return bytes
  }

  /// - Throws: ``NetworkError``.
  package func write(_ bytes: [UInt8]) throws(NetworkError) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        send(descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0 {
        let failure = SystemFailure()
        if failure.code == EINTR { continue }
        throw failure.error("write")
      }
      sent += count
    }
  }

  /// Finishes sending: the peer reads its end. Reading continues.
  package func finishWriting() { _ = Glibc.shutdown(descriptor, Int32(SHUT_WR)) }

  /// Ends the connection, or listening: calls that wait return.
  package func shutdown() { _ = Glibc.shutdown(descriptor, Int32(SHUT_RDWR)) }

  private static func address(_ path: String) throws(NetworkError) -> sockaddr_un {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let isFit = withUnsafeMutableBytes(of: &address.sun_path) { place in
      guard bytes.count < place.count, !bytes.contains(0), !bytes.isEmpty else { return false }
      place.copyBytes(from: bytes)
      return true
    }
    guard isFit else {
      throw .system(operation: "use \(path) as a socket", reason: "its path has more than 107 bytes, or none")
    }
    return address
  }

  private static func lend<Result>(
    _ address: sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
