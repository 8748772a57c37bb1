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
    (listener, port) = try LoopbackSocket.listening()
    LoopbackSocket.accept(from: listener) { [self] in serve($0) }
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
    let (server, connected) = LoopbackSocket.connected(to: target)
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
    while let bytes = LoopbackSocket.receive(source), LoopbackSocket.send(bytes, to: target) {}
  }
}
