/// What is asked of a server, for one call.
package struct GRPCRequest: Sendable {
  /// `/package.Service/Method`.
  package var path: String
  /// Headers of the caller's own. The values are kept out of HTTP/2's table of headers, because they may be secrets.
  package var metadata: [(name: String, value: String)]
  /// How long the call may take, the making of a connection included; nil for as long as it likes.
  package var timeout: Duration?

  package init(path: String, metadata: [(name: String, value: String)] = [], timeout: Duration?) {
    self.path = path
    self.metadata = metadata
    self.timeout = timeout
  }
}

/// The value of the header `grpc-timeout`: at most eight digits and a unit (grpc, `doc/PROTOCOL-HTTP2.md`).
enum TimeoutHeader {
  static func value(of timeout: Duration) -> String {
    let (seconds, attoseconds) = timeout.components
    guard seconds < 99_999 else { return "\(min(seconds, 99_999_999))S" }
    // Rounded up: a server must not give up before its client.
    let milliseconds = seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    return "\(max(1, milliseconds))m"
  }
}

/// The value of the header `grpc-message`: every byte outside printable ASCII, and `%` itself, as `%XX` (grpc,
/// `doc/PROTOCOL-HTTP2.md`, which wants what is badly encoded to be shown as it came).
enum PercentEncoding {
  static func decode(_ bytes: some Sequence<UInt8>) -> String {
    let bytes = Array(bytes)
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count, let high = digit(bytes[index + 1]),
        let low = digit(bytes[index + 2])
      {
        decoded.append(high << 4 | low)
        index += 3
      } else {
        decoded.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
