import Foundation
import Glibc
import Synchronization

/// A TCP load balancer on loopback: it connects each client to the next server in turn, and forwards TLS
/// unchanged.
package final class SpreadingProxy: Sendable {
  package let port: Int
  private let targets: [Int]
  private let listener: Int32
  private let state = Mutex((next: 0, open: [Int32]()))

  /// - Parameter targets: Ports on 127.0.0.1.
  package init(to targets: [Int]) throws {
    self.targets = targets
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = Self.loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 16) == 0
          && getsockname(listener, $0, &length) == 0
      }
    }
    port = Int(UInt16(bigEndian: address.sin_port))
    self.listener = listener
    guard bound else { throw CommandFailure("cannot listen on loopback: \(errno)") }
    Thread.detachNewThread { [self] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        Thread.detachNewThread { [self] in serve(client) }
      }
    }
  }

  deinit { close(listener) }

  /// Accepts no more connections, and closes the open ones.
  package func end() {
    shutdown(listener, Int32(SHUT_RDWR))
    state.withLock { for socket in $0.open { shutdown(socket, Int32(SHUT_RDWR)) } }
  }

  private func serve(_ client: Int32) {
    let target = state.withLock { state in
      state.next += 1
      return targets[state.next % targets.count]
    }
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = Self.loopback(target)
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    state.withLock { $0.open += [client, server] }
    let down = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      if connected { Self.forward(from: server, to: client) }
      shutdown(client, Int32(SHUT_RDWR))
      down.signal()
    }
    if connected { Self.forward(from: client, to: server) }
    shutdown(server, Int32(SHUT_RDWR))
    down.wait()
    state.withLock { $0.open.removeAll { $0 == client || $0 == server } }
    close(client)
    close(server)
  }

  private static func forward(from source: Int32, to target: Int32) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(source, &buffer, buffer.count, 0)
      guard count > 0 else { return }
      var rest = buffer.prefix(count)[...]
      while !rest.isEmpty {
        let sent = rest.withUnsafeBytes { send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard sent > 0 else { return }
        rest = rest.dropFirst(sent)
      }
    }
  }

  private static func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port)).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    return address
  }
}
