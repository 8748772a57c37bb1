import Foundation
import Glibc

/// Answers one connection with given bytes once a header has come, whatever it says, and ends.
final class ScriptedServer: Sendable {
  let port: Int

  init(_ answer: String) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var count = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, count) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &count) == 0
      }
    }
    guard result else { throw POSIXError(.EADDRINUSE) }
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread {
      let descriptor = accept(listener, nil, nil)
      var text: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 4_096)
      while !text.suffix(4).elementsEqual([13, 10, 13, 10]) {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { break }
        text += buffer[..<count]
      }
      _ = Array(answer.utf8).withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      shutdown(descriptor, Int32(SHUT_WR))
      while recv(descriptor, &buffer, buffer.count, 0) > 0 {}
      close(descriptor)
      close(listener)
    }.start()
  }
}
