/// The versions of HTTP that are spoken here.
package enum Version: Hashable, Sendable {
  case http10, http11

  var text: String { self == .http11 ? "HTTP/1.1" : "HTTP/1.0" }

  /// Whether the connection stays after a message with these fields (RFC 9112, section 9.3).
  func keepsAlive(_ fields: Fields) -> Bool {
    let words = fields.words("connection")
    if words.contains("close") { return false }
    return self == .http11 || words.contains("keep-alive")
  }
}

extension Version {
  /// - Throws: ``MessageFault`` with the status 505 for another version of HTTP.
  init(_ text: ArraySlice<UInt8>) throws(MessageFault) {
    if text.elementsEqual("HTTP/1.1".utf8) {
      self = .http11
    } else if text.elementsEqual("HTTP/1.0".utf8) {
      self = .http10
    } else if text.count == 8, text.starts(with: "HTTP/".utf8) {
      throw MessageFault(.versionNotSupported, "the version of HTTP is not known")
    } else {
      throw .malformed("the first line is not of HTTP")
    }
  }
}
