internal import CLinux
import Glibc

/// Resolves host names with the system's resolver.
enum Resolver {
  /// Finds the addresses of a host, in the system's order of preference (RFC 6724). A name is resolved on a new
  /// thread, because getaddrinfo blocks.
  /// - Parameter answer: called once: on this thread for an address, on the new thread for a name.
  static func resolve(
    _ host: String, port: UInt16, passive: Bool = false,
    answer: @escaping @Sendable (Result<[Address], NetworkError>) -> Void
  ) {
    if let address = Address(host, port: port) { return answer(.success([address])) }
    do throws(NetworkError) {
      try startThread { answer(lookUp(host, port: port, passive: passive)) }
    } catch { answer(.failure(error)) }
  }

  private static func lookUp(
    _ host: String, port: UInt16, passive: Bool
  ) -> Result<[Address], NetworkError> {
    guard !host.isEmpty, !host.utf8.contains(0) else {
      return .failure(.nameUnknown(host, reason: "it cannot be a name"))
    }
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0)
    var first: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, "\(port)", &hints, &first)
    guard code == 0 else {
      let reason = code == EAI_SYSTEM ? SystemFailure().reason : String(cString: gai_strerror(code))
      return .failure(.nameUnknown(host, reason: reason.prefix(1).lowercased() + reason.dropFirst()))
    }
    defer { freeaddrinfo(first) }
    var addresses: [Address] = []
    var next = first
    while let entry = next {
      if let form = entry.pointee.ai_addr, let address = Address(form, count: entry.pointee.ai_addrlen),
        !addresses.contains(address)
      {
        addresses.append(address)
      }
      next = entry.pointee.ai_next
    }
    return addresses.isEmpty
      ? .failure(.nameUnknown(host, reason: "it has no IPv4 or IPv6 address")) : .success(addresses)
  }
}
