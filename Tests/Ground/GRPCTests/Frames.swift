/// A frame of HTTP/2, made and taken apart by hand (RFC 9113, section 4.1).
struct Frame: Equatable {
  enum Kind: UInt8 {
    case data = 0
    case headers = 1
    case reset = 3
    case settings = 4
    case ping = 6
    case goAway = 7
    case windowUpdate = 8
  }

  static let acknowledgement: UInt8 = 1
  static let endStream: UInt8 = 1
  static let endHeaders: UInt8 = 4

  var type: UInt8
  var flags: UInt8 = 0
  var stream: Int32 = 0
  var payload: [UInt8] = []

  init(_ kind: Kind, flags: UInt8 = 0, stream: Int32 = 0, _ payload: [UInt8] = []) {
    (type, self.flags, self.stream, self.payload) = (kind.rawValue, flags, stream, payload)
  }

  var kind: Kind? { Kind(rawValue: type) }

  var bytes: [UInt8] {
    let length = payload.count
    return [UInt8(length >> 16 & 0xff), UInt8(length >> 8 & 0xff), UInt8(length & 0xff), type, flags]
      + Self.fourBytes(UInt32(stream)) + payload
  }

  static func fourBytes(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  /// The whole frames in these bytes.
  static func all(in bytes: [UInt8]) -> [Frame] {
    var frames: [Frame] = []
    var rest = bytes[...]
    while rest.count >= 9 {
      let header = Array(rest.prefix(9))
      let length = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
      guard rest.count >= 9 + length else { break }
      var frame = Frame(.data, flags: header[4], Array(rest.dropFirst(9).prefix(length)))
      frame.type = header[3]
      frame.stream = header[5...8].reduce(0) { $0 << 8 | Int32($1) }
      frames.append(frame)
      rest = rest.dropFirst(9 + length)
    }
    return frames
  }
}

/// What a server sends.
extension Frame {
  /// - Parameter values: By the setting's number (RFC 9113, section 6.5.2).
  static func settings(_ values: [(UInt16, UInt32)] = []) -> Frame {
    Frame(.settings, values.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 0xff)] + fourBytes($0.1) })
  }

  /// Headers that no table is used for (RFC 7541, section 6.2.2).
  static func headers(_ headers: [(String, String)], stream: Int32, isLast: Bool = false) -> Frame {
    func length(_ count: Int) -> [UInt8] {
      guard count >= 127 else { return [UInt8(count)] }
      var rest = count - 127
      var bytes: [UInt8] = [127]
      while rest >= 128 {
        bytes.append(UInt8(rest & 127) | 128)
        rest >>= 7
      }
      return bytes + [UInt8(rest)]
    }
    var block: [UInt8] = []
    for (name, value) in headers {
      block += [0] + length(name.utf8.count) + Array(name.utf8)
      block += length(value.utf8.count) + Array(value.utf8)
    }
    return Frame(.headers, flags: endHeaders | (isLast ? endStream : 0), stream: stream, block)
  }

  static func answer(stream: Int32) -> Frame {
    .headers([(":status", "200"), ("content-type", "application/grpc")], stream: stream)
  }

  static func trailers(_ status: Int = 0, message: String? = nil, stream: Int32) -> Frame {
    .headers(
      [("grpc-status", "\(status)")] + (message.map { [("grpc-message", $0)] } ?? []), stream: stream,
      isLast: true)
  }

  static func message(_ message: [UInt8], stream: Int32) -> Frame {
    Frame(.data, stream: stream, [0] + fourBytes(UInt32(message.count)) + message)
  }

  static func reset(_ code: UInt32, stream: Int32) -> Frame { Frame(.reset, stream: stream, fourBytes(code)) }

  static func goAway(last: UInt32, code: UInt32 = 0, _ words: String = "") -> Frame {
    Frame(.goAway, fourBytes(last) + fourBytes(code) + Array(words.utf8))
  }

  static func window(_ more: UInt32, stream: Int32) -> Frame {
    Frame(.windowUpdate, stream: stream, fourBytes(more))
  }
}
