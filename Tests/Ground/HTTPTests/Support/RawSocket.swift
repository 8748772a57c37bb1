import Foundation
import Glibc

/// A client that sends any bytes, over plain TCP, and blocks.
final class RawSocket {
  private let descriptor: Int32

  /// - Parameter room: of the system's buffer for what comes, in bytes; nil for the system's choice.
  init(_ port: Int, room: Int32? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    if var room {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
  }

  deinit { close(descriptor) }

  /// - Returns: whether the other side took them.
  @discardableResult
  func send(_ text: some Collection<UInt8>) -> Bool {
    let bytes = Array(text)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  @discardableResult
  func send(_ text: String) -> Bool { send(text.utf8) }

  func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// What comes until the other side ends, or nothing has come for so long.
  func receive(within seconds: Int = 30, upTo most: Int = .max) -> String {
    var wait = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while all.count < most {
      let count = recv(descriptor, &buffer, min(buffer.count, most - all.count), 0)
      guard count > 0 else { break }
      all += buffer[..<count]
    }
    return String(decoding: all, as: UTF8.self)
  }

  /// How many bytes come until the other side ends, or until there are so many, taken in pieces with a pause after each.
  func count(upTo most: Int, inPiecesOf size: Int, pause: UInt32) -> Int {
    var total = 0
    var buffer = [UInt8](repeating: 0, count: size)
    while total < most {
      let count = recv(descriptor, &buffer, min(size, most - total), Int32(MSG_WAITALL))
      guard count > 0 else { break }
      total += count
      usleep(pause)
    }
    return total
  }

  /// Whether the other side ends the connection within so many seconds.
  func ends(within seconds: Int) -> Bool {
    var wait = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count <= 0 { return count == 0 || errno == ECONNRESET }
    }
  }
}
