import Foundation
import Network
import TestSupport

/// A blocking socket, independent of the room's code.
final class RawSocket {
  private let descriptor: Int32

  init(owning descriptor: Int32) { self.descriptor = descriptor }

  init(_ address: Address, connects: Bool = true) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if connects { try connect(to: address) }
  }

  func connect(to address: Address) throws {
    var form = sockaddr_in()
    form.sin_family = sa_family_t(AF_INET)
    form.sin_port = address.port.bigEndian
    inet_pton(AF_INET, address.host, &form.sin_addr)
    let result = withUnsafePointer(to: form) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Problem("cannot connect: \(errno)") }
  }

  deinit { close(descriptor) }

  func send(_ text: String) { _ = Foundation.send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) }

  /// - Returns: empty at the end and after an error.
  func receive() -> String {
    var buffer = [UInt8](repeating: 0, count: 1000)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
  }

  /// Closes the socket with a reset.
  func reset() {
    var now = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    // An unused socket takes the descriptor's number, so that `deinit` does not close another one.
    let other = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    dup2(other, descriptor)
    close(other)
  }
}

/// A listening socket, independent of the room's code.
final class RawListener: Sendable {
  private let descriptor: Int32
  let port: UInt16

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var form = sockaddr_in()
    form.sin_family = sa_family_t(AF_INET)
    inet_pton(AF_INET, "127.0.0.1", &form.sin_addr)
    var count = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let result = withUnsafeMutablePointer(to: &form) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, count) + listen(descriptor, 8) + getsockname(descriptor, $0, &count)
      }
    }
    guard result == 0 else { throw Problem("cannot listen: \(errno)") }
    port = UInt16(bigEndian: form.sin_port)
  }

  deinit { close(descriptor) }

  func accept() -> RawSocket { RawSocket(owning: Foundation.accept(descriptor, nil, nil)) }
}

extension EventLoop {
  func eventually(_ condition: () -> Bool) async throws -> Bool {
    try await TestSupport.eventually(within: .seconds(10)) { condition() }
  }
}

/// An address that nothing listens on.
func unusedAddress(_ loop: EventLoop) async throws -> Address {
  let listener = try await Listener.listen(on: "127.0.0.1", port: 0, loop: loop) { _ in nil }
  listener.close()
  _ = try await loop.run { () throws(NetworkError) in true }
  return listener.address
}
