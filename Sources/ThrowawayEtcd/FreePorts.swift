import Glibc

/// Ports of loopback that nobody listens on.
enum FreePorts {
  /// Takes different ports, all at once, and lets them go again: another program may still be faster.
  static func take(_ count: Int) throws -> [Int] {
    var sockets: [Int32] = []
    defer { for socket in sockets { close(socket) } }
    return try (0..<count).map { _ in
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      guard descriptor >= 0 else { throw ThrowawayEtcdError("no socket can be had", hint: "see 'ulimit -n'") }
      sockets.append(descriptor)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = inet_addr("127.0.0.1")
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let bound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
          bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
        }
      }
      guard bound else { throw ThrowawayEtcdError("no port of loopback can be had", hint: "see 'ss -tln'") }
      return Int(UInt16(bigEndian: address.sin_port))
    }
  }
}
