import Foundation
import Glibc

/// What the proxies of the tests have in common: TCP on 127.0.0.1, with threads that block.
enum LoopbackSocket {
  /// Listens on a port that the system chooses.
  static func listening() throws -> (descriptor: Int32, port: Int) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var own = address(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &own) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 16) == 0
          && getsockname(listener, $0, &length) == 0
      }
    }
    guard isBound else {
      close(listener)
      throw CommandFailure("cannot listen on loopback: \(errno)")
    }
    return (listener, Int(UInt16(bigEndian: own.sin_port)))
  }

  /// Calls `serve` with each client on a thread of its own, until the listener is shut down.
  static func accept(from listener: Int32, serve: @escaping @Sendable (Int32) -> Void) {
    Thread.detachNewThread {
      while true {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else { return }
        Thread.detachNewThread { serve(client) }
      }
    }
  }

  /// - Returns: a socket, and whether it is connected.
  static func connected(to port: Int) -> (descriptor: Int32, isConnected: Bool) {
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var target = address(port)
    let isConnected = withUnsafePointer(to: &target) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    return (server, isConnected)
  }

  /// - Returns: nil at the end of the connection.
  static func receive(_ socket: Int32) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(socket, &buffer, buffer.count, 0)
    return count > 0 ? Array(buffer.prefix(count)) : nil
  }

  /// - Returns: false if the connection has ended.
  static func send(_ bytes: [UInt8], to socket: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard sent > 0 else { return false }
      rest = rest.dropFirst(sent)
    }
    return true
  }

  private static func address(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port)).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    return address
  }
}
