import Glibc

/// An IPv4 or IPv6 address with a port.
package struct Address: Hashable, Sendable {
  private enum Kind: Hashable {
    case four(UInt32)
    case six(UInt64, UInt64, scope: UInt32)
  }

  /// In network byte order.
  private let kind: Kind
  package let port: UInt16

  /// - Returns: nil if the text is not an address in standard notation, such as a host name.
  package init?(_ host: String, port: UInt16) {
    var four = in_addr()
    var six = in6_addr()
    if inet_pton(AF_INET, host, &four) == 1 {
      kind = .four(four.s_addr)
    } else if inet_pton(AF_INET6, host, &six) == 1 {
      kind = Self.kind(six, scope: 0)
    } else {
      return nil
    }
    self.port = port
  }

  /// Converts the system's form.
  init?(_ address: UnsafePointer<sockaddr>, count: socklen_t) {
    let raw = UnsafeRawPointer(address)
    switch (Int32(address.pointee.sa_family), Int(count)) {
    case (AF_INET, MemoryLayout<sockaddr_in>.size...):
      let address = raw.loadUnaligned(as: sockaddr_in.self)
      kind = .four(address.sin_addr.s_addr)
      port = UInt16(bigEndian: address.sin_port)
    case (AF_INET6, MemoryLayout<sockaddr_in6>.size...):
      let address = raw.loadUnaligned(as: sockaddr_in6.self)
      kind = Self.kind(address.sin6_addr, scope: address.sin6_scope_id)
      port = UInt16(bigEndian: address.sin6_port)
    default: return nil
    }
  }

  private static func kind(_ address: in6_addr, scope: UInt32) -> Kind {
    withUnsafeBytes(of: address) {
      .six(
        $0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self), scope: scope)
    }
  }

  package var isIPv6: Bool { if case .six = kind { true } else { false } }

  var family: Int32 { isIPv6 ? AF_INET6 : AF_INET }

  func withSystemForm<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    func lend<Form>(_ form: Form) -> Result {
      withUnsafePointer(to: form) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Form>.size)) }
      }
    }
    switch kind {
    case .four(let bytes):
      var form = sockaddr_in()
      form.sin_family = sa_family_t(AF_INET)
      form.sin_port = port.bigEndian
      form.sin_addr.s_addr = bytes
      return lend(form)
    case .six(let first, let second, let scope):
      var form = sockaddr_in6()
      form.sin6_family = sa_family_t(AF_INET6)
      form.sin6_port = port.bigEndian
      form.sin6_scope_id = scope
      withUnsafeMutableBytes(of: &form.sin6_addr) {
        $0.storeBytes(of: first, as: UInt64.self)
        $0.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
      }
      return lend(form)
    }
  }

  /// The address without its port. An IPv4 address that reached a dual-stack socket is returned as IPv4, so that
  /// limits per address count it once.
  package var host: String {
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    switch kind {
    case .four(let bytes): return Self.text(AF_INET, bytes, &buffer)
    case .six(0, let second, _) where UInt64(bigEndian: second) >> 32 == 0xffff:
      return Self.text(AF_INET, UInt32(truncatingIfNeeded: UInt64(bigEndian: second)).bigEndian, &buffer)
    case .six(let first, let second, _): return Self.text(AF_INET6, (first, second), &buffer)
    }
  }

  /// The /64 network of an IPv6 address, which one host can have to itself: as in "2001:db8:0:1::/64". Nil for an
  /// IPv4 address.
  package var network: String? {
    guard case .six(let first, _, _) = kind, host.utf8.contains(UInt8(ascii: ":")) else { return nil }
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    return Self.text(AF_INET6, (first, UInt64(0)), &buffer) + "/64"
  }

  private static func text<Bytes>(_ family: Int32, _ bytes: Bytes, _ buffer: inout [CChar]) -> String {
    let isWritten = withUnsafePointer(to: bytes) {
      inet_ntop(family, $0, &buffer, socklen_t(buffer.count)) != nil
    }
    guard isWritten else { return "?" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

extension Address: CustomStringConvertible {
  /// As in "127.0.0.1:2379" and "[::1]:2379".
  package var description: String {
    let host = host
    return host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}
