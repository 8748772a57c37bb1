import Foundation
import Glibc
import Synchronization

/// A connection to a server that fails at a chosen moment: a TCP proxy on loopback. It forwards TLS
/// unchanged, so a client only needs another port; it counts the TLS records in which the client sends data.
package final class FaultyWay: Sendable {
  package enum Fault: Sendable, CaseIterable {
    /// Drops the record and closes the connection.
    case cut
    /// Forwards the record, drops its answer and closes the connection.
    case loseAnswer
    /// Forwards the record, and from then on nothing in either direction.
    case fallSilent
    /// Forwards the record half a second later.
    case delay
  }

  package let port: Int
  private let target: Int
  private let listener: Int32
  private let state = Mutex(State())

  private struct State {
    var records = 0
    var fault: (record: Int, fault: Fault)?
    var open: [Int32] = []
  }

  /// - Parameter target: A port on 127.0.0.1.
  package init(to target: Int) throws {
    self.target = target
    (listener, port) = try LoopbackSocket.listening()
    LoopbackSocket.accept(from: listener) { [self] in serve($0) }
  }

  deinit { close(listener) }

  /// How many records with data were forwarded to the server since ``fail(at:with:)`` or ``heal()``.
  package var records: Int { state.withLock { $0.records } }

  /// Fails once, at the n-th record from now, counted from 1 over all connections.
  package func fail(at record: Int, with fault: Fault) {
    state.withLock {
      $0.records = 0
      $0.fault = (record, fault)
    }
  }

  /// Stops failing, and closes the open connections.
  package func heal() {
    state.withLock {
      $0.records = 0
      $0.fault = nil
      for socket in $0.open { shutdown(socket, Int32(SHUT_RDWR)) }
    }
  }

  /// Accepts no more connections.
  package func end() {
    heal()
    shutdown(listener, Int32(SHUT_RDWR))
  }

  // MARK: - one connection

  private final class Pair: Sendable {
    let client: Int32
    let server: Int32
    /// Whether data from the server is dropped.
    let isMute = Mutex(false)
    let hasAnswered = Mutex(false)

    init(_ client: Int32, _ server: Int32) { (self.client, self.server) = (client, server) }

    func breakOff() {
      shutdown(client, Int32(SHUT_RDWR))
      shutdown(server, Int32(SHUT_RDWR))
    }
  }

  private func serve(_ client: Int32) {
    let (server, connected) = LoopbackSocket.connected(to: target)
    let pair = Pair(client, server)
    state.withLock { $0.open += [client, server] }
    let down = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      while connected, let bytes = LoopbackSocket.receive(server) {
        pair.hasAnswered.withLock { $0 = true }
        guard pair.isMute.withLock({ !$0 }) else { continue }
        guard LoopbackSocket.send(bytes, to: client) else { break }
      }
      pair.breakOff()
      down.signal()
    }
    if connected { passUp(pair) }
    pair.breakOff()
    down.wait()
    state.withLock { $0.open.removeAll { $0 == client || $0 == server } }
    close(client)
    close(server)
  }

  /// Forwards whole TLS records: a type, two bytes of version, two bytes of length (RFC 8446, section 5.1).
  private func passUp(_ pair: Pair) {
    var waiting: [UInt8] = []
    while let bytes = LoopbackSocket.receive(pair.client) {
      waiting += bytes
      while waiting.count >= 5 {
        let length = 5 + Int(waiting[3]) << 8 + Int(waiting[4])
        guard waiting.count >= length else { break }
        let record = Array(waiting.prefix(length))
        waiting.removeFirst(length)
        guard pass(record, pair) else { return }
      }
    }
  }

  /// - Returns: Whether the connection continues.
  private func pass(_ record: [UInt8], _ pair: Pair) -> Bool {
    let carriesData: UInt8 = 23
    let fault: Fault? = state.withLock { state in
      guard record[0] == carriesData else { return nil }
      state.records += 1
      return state.fault?.record == state.records ? state.fault?.fault : nil
    }
    switch fault {
    case nil: return LoopbackSocket.send(record, to: pair.server)
    case .cut: return false
    case .delay:
      usleep(500_000)
      return LoopbackSocket.send(record, to: pair.server)
    case .loseAnswer:
      pair.isMute.withLock { $0 = true }
      pair.hasAnswered.withLock { $0 = false }
      guard LoopbackSocket.send(record, to: pair.server) else { return false }
      for _ in 0..<100 where pair.hasAnswered.withLock({ !$0 }) { usleep(5_000) }
      return false
    case .fallSilent:
      pair.isMute.withLock { $0 = true }
      guard LoopbackSocket.send(record, to: pair.server) else { return false }
      while LoopbackSocket.receive(pair.client) != nil {}
      return false
    }
  }
}
