@testable import HTTP

/// What a reader makes of bytes: messages, and perhaps a fault after them.
struct Outcome<Head: Hashable & Sendable>: Hashable {
  struct Message: Hashable {
    var head: Head
    var body: [UInt8] = []
    var trailers: Fields?
  }

  var messages: [Message] = []
  var fault: MessageFault?

  mutating func take(_ event: MessageEvent<Head>) {
    switch event {
    case .head(let head): messages.append(Message(head: head))
    case .body(let piece): messages[messages.count - 1].body += piece
    case .end(let trailers): messages[messages.count - 1].trailers = trailers
    }
  }
}

/// Reads requests that arrive in pieces of so many bytes.
func readRequests(
  _ text: some Collection<UInt8>, by step: Int, _ limits: MessageLimits = MessageLimits()
) -> Outcome<RequestHead> {
  var reader = RequestReader(limits)
  var outcome = Outcome<RequestHead>()
  do throws(MessageFault) {
    for piece in pieces(Array(text), by: step) {
      reader.receive(piece.span.bytes)
      while let event = try reader.next() { outcome.take(event) }
    }
  } catch {
    outcome.fault = error
  }
  return outcome
}

/// Reads an answer that arrives in pieces of so many bytes, after which the connection ends.
func readResponse(
  _ text: some Collection<UInt8>, to method: HTTP.Method = .get, by step: Int,
  _ limits: MessageLimits = MessageLimits()
) -> Outcome<ResponseHead> {
  var reader = ResponseReader(to: method, limits)
  var outcome = Outcome<ResponseHead>()
  do throws(MessageFault) {
    for piece in pieces(Array(text), by: step) {
      reader.receive(piece.span.bytes)
      while outcome.messages.last?.trailers == nil, let event = try reader.next() { outcome.take(event) }
    }
    try reader.close()
  } catch {
    outcome.fault = error
  }
  return outcome
}

private func pieces(_ bytes: [UInt8], by step: Int) -> [[UInt8]] {
  stride(from: 0, to: bytes.count, by: step).map { Array(bytes[$0..<min($0 + step, bytes.count)]) }
}

/// Every way to cut a text in two, and in pieces of one, two, three and seven bytes, is to give the same.
func steps(_ count: Int) -> [Int] { [1, 2, 3, 7] + Array(1...max(1, count)) }
