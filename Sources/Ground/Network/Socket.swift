internal import CLinux
import Glibc

/// A non-blocking socket, closed with its last reference. Sending after the peer has closed raises no SIGPIPE.
final class Socket {
  enum Received {
    case bytes(Int)
    case wouldBlock
    case ended
  }

  let descriptor: Int32

  init(family: Int32) throws(SystemFailure) {
    let kind = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
    descriptor = try call { socket(family, Int32(kind), 0) }
  }

  private init(owning descriptor: Int32) { self.descriptor = descriptor }

  // The result is ignored: the descriptor is released even if close fails (Linux, close(2)).
  deinit { close(descriptor) }

  // MARK: Connecting

  /// - Returns: true if the connection is complete; false if it is in progress.
  func connect(to address: Address) throws(SystemFailure) -> Bool {
    do throws(SystemFailure) {
      _ = try call { address.withSystemForm { Glibc.connect(descriptor, $0, $1) } }
      return true
    } catch {
      if error.code == EINPROGRESS { return false }
      throw error
    }
  }

  /// The pending error: the result of a connect in progress, or why a connection failed.
  var failure: SystemFailure? {
    var code: Int32 = 0
    var count = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &count) == 0 else { return SystemFailure() }
    return code == 0 ? nil : SystemFailure(code: code)
  }

  // MARK: Listening

  func listen(on address: Address, backlog: Int) throws(SystemFailure) {
    try set(SOL_SOCKET, SO_REUSEADDR, 1)
    _ = try call { address.withSystemForm { bind(descriptor, $0, $1) } }
    _ = try call { Glibc.listen(descriptor, Int32(clamping: backlog)) }
  }

  /// - Returns: nil if no client waits.
  func accept() throws(SystemFailure) -> (Socket, Address)? {
    do throws(SystemFailure) {
      var form = sockaddr_storage()
      var count = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
      let accepted = try call {
        withUnsafeMutablePointer(to: &form) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { accept4(descriptor, $0, &count, flags) }
        }
      }
      let socket = Socket(owning: accepted)
      let address = withUnsafePointer(to: form) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Address($0, count: count) }
      }
      // Always an address: the socket is IPv4 or IPv6.
      return address.map { (socket, $0) }
    } catch {
      if error.wouldBlock { return nil }
      throw error
    }
  }

  // MARK: Bytes

  func receive(into buffer: UnsafeMutableRawBufferPointer) throws(SystemFailure) -> Received {
    do throws(SystemFailure) {
      let count = try call { recv(descriptor, buffer.baseAddress, buffer.count, 0) }
      return count == 0 ? .ended : .bytes(count)
    } catch {
      if error.wouldBlock { return .wouldBlock }
      throw error
    }
  }

  /// - Returns: how many bytes the system accepted; 0 if it accepts none now.
  func send(_ bytes: RawSpan) throws(SystemFailure) -> Int {
    do throws(SystemFailure) {
      return try bytes.withUnsafeBytes { (bytes) throws(SystemFailure) in
        try call { Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) }
      }
    } catch {
      if error.wouldBlock { return 0 }
      throw error
    }
  }

  /// Finishes sending (half-close). It fails if the connection has ended, which the next read reports.
  func finishSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

  // MARK: Settings

  /// Turns off Nagle's algorithm.
  func sendAtOnce() { try? set(Int32(IPPROTO_TCP), TCP_NODELAY, 1) }

  /// Acknowledges received bytes at once. Without it, a client with Nagle's algorithm waits 40 ms after a handshake
  /// in which the server sends the last message but one (a handshake without session tickets).
  func acknowledgeAtOnce() { try? set(Int32(IPPROTO_TCP), TCP_QUICKACK, 1) }

  private func set(_ level: Int32, _ name: Int32, _ value: Int32) throws(SystemFailure) {
    var value = value
    _ = try call { setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) }
  }

  // MARK: Addresses

  var localAddress: Address? {
    var form = sockaddr_storage()
    var count = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &form) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(descriptor, $0, &count) == 0 ? Address($0, count: count) : nil
      }
    }
  }
}
