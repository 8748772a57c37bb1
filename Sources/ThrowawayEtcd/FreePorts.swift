import Glibc
import Synchronization

/// Free TCP ports on loopback.
package enum FreePorts {
  /// Below the range that Linux uses for outgoing connections (`ip_local_port_range`): a port from that range
  /// could be taken between this check and the start of the server.
  private static let range = 12_000..<32_000
  private static let given = Mutex<Set<Int>>([])

  /// Chooses different ports at random, none of which this process has used before.
  package static func take(_ count: Int) throws -> [Int] {
    var ports: [Int] = []
    for _ in 0..<1_000 where ports.count < count {
      let port = Int.random(in: range)
      if given.withLock({ $0.insert(port).inserted }), isFree(port) { ports.append(port) }
    }
    guard ports.count == count else {
      throw ThrowawayEtcdError("no free TCP port on loopback was found", hint: "see 'ss -tln'")
    }
    return ports
  }

  private static func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
