/// Writes messages as RFC 9112 has them. It does no input or output.
///
/// Refuses what would corrupt a message: a line end inside a field, a name that is not a token, a length that the writer
/// sets itself.
package struct MessageWriter: Sendable {
  /// How the end of a body is told.
  package enum Length: Hashable, Sendable {
    /// No body, and no header about it.
    case none
    case bytes(Int)
    /// In chunks: see ``chunk(_:)`` and ``lastChunk(_:)``.
    case chunked
  }

  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// Takes what was written so far.
  package mutating func take() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }

  /// - Throws: ``MessageFault``.
  package mutating func request(_ head: RequestHead, _ length: Length) throws(MessageFault) {
    guard !head.method.name.isEmpty, head.method.name.utf8.allSatisfy(\.isToken), !head.target.isEmpty,
      head.target.utf8.allSatisfy(\.isVisible)
    else { throw .malformed("the method or the target cannot be written") }
    put(head.method.name)
    put(" ")
    put(head.target)
    put(" ")
    put(head.version.text)
    put("\r\n")
    try put(head.fields)
    end(length)
  }

  /// - Throws: ``MessageFault``.
  package mutating func response(_ head: ResponseHead, _ length: Length) throws(MessageFault) {
    put(head.version.text)
    put(" ")
    put(head.status.description)
    put("\r\n")
    try put(head.fields)
    end(length)
  }

  package mutating func body(_ body: some Collection<UInt8>) { bytes.append(contentsOf: body) }

  /// A chunk; one without bytes is left out, since it would be the last.
  package mutating func chunk(_ body: some Collection<UInt8>) {
    guard !body.isEmpty else { return }
    put(String(body.count, radix: 16))
    put("\r\n")
    bytes.append(contentsOf: body)
    put("\r\n")
  }

  /// The end of a body in chunks, with the fields after it.
  /// - Throws: ``MessageFault``.
  package mutating func lastChunk(_ trailers: Fields = [:]) throws(MessageFault) {
    put("0\r\n")
    try put(trailers)
    put("\r\n")
  }

  private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func put(_ fields: Fields) throws(MessageFault) {
    for field in fields {
      guard !field.name.isEmpty, field.name.utf8.allSatisfy(\.isToken),
        field.value.utf8.allSatisfy(\.isFieldContent),
        !Fields.isSame(field.name, "content-length"), !Fields.isSame(field.name, "transfer-encoding")
      else { throw .malformed("a field cannot be written") }
      put(field.name)
      put(": ")
      put(field.value)
      put("\r\n")
    }
  }

  private mutating func end(_ length: Length) {
    switch length {
    case .none: put("\r\n")
    case .bytes(let count): put("Content-Length: \(count)\r\n\r\n")
    case .chunked: put("Transfer-Encoding: chunked\r\n\r\n")
    }
  }
}
