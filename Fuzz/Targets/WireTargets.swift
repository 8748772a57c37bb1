import HTTP
import Protobuf

@testable import GRPC

@Sendable func fuzzProtobuf(_ bytes: [UInt8]) {
  guard let message = try? Message(protobuf: bytes) else { return }
  let written = message.protobuf
  guard let again = try? Message(protobuf: written) else {
    require(false, "what is written can be read")
    return
  }
  require(again.protobuf == written, "what is read again is the same")
}

/// A message with a field of each kind and nested messages.
private struct Message: ProtobufReadable, ProtobufWritable {
  var number: UInt64 = 0
  var signed: Int64 = 0
  var flag = false
  var data: [UInt8] = []
  var text = ""
  var wide: UInt64 = 0
  var narrow: UInt32 = 0
  var packed: [Int64] = []
  var inner: [Message] = []

  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError) {
    switch field {
    case 1: number = try reader.uint64()
    case 2: signed = try reader.int64()
    case 3: flag = try reader.bool()
    case 4: data = try reader.bytes()
    case 5: text = try reader.string()
    case 6: wide = try reader.fixed64()
    case 7: narrow = try reader.fixed32()
    case 8: try reader.integers(into: &packed)
    case 9: inner.append(try reader.message())
    default: break
    }
  }

  func write(to writer: inout ProtobufWriter) {
    writer.uint64(1, number)
    writer.int64(2, signed)
    writer.bool(3, flag)
    writer.bytes(4, data)
    writer.string(5, text)
    writer.fixed64(6, wide)
    writer.fixed32(7, narrow)
    writer.packed(8, packed)
    writer.messages(9, inner)
  }
}

/// The events must not depend on how the bytes are split.
@Sendable func fuzzHTTPRequest(_ bytes: [UInt8]) {
  let limits = MessageLimits(
    startLine: 200, field: 200, fieldCount: 8, head: 1_000, body: 1_000, trailers: 200)
  func events(inPiecesOf count: Int) -> [String] {
    var reader = RequestReader(limits)
    return story(bytes, inPiecesOf: count, endsAtEnd: false) {
      reader.receive($0)
    } next: { () throws(MessageFault) in
      try reader.next().map(words)
    }
  }
  let whole = events(inPiecesOf: .max)
  require(events(inPiecesOf: 1) == whole, "a request is the same byte by byte")
  require(events(inPiecesOf: 7) == whole, "a request is the same in pieces")
}

/// The first byte selects the request's method. A reader reads one response.
@Sendable func fuzzHTTPResponse(_ bytes: [UInt8]) {
  let limits = MessageLimits(
    startLine: 200, field: 200, fieldCount: 8, head: 1_000, body: 1_000, trailers: 200)
  func events(inPiecesOf count: Int) -> [String] {
    var reader = ResponseReader(to: bytes.first == 0 ? .head : .get, limits)
    var events = story(Array(bytes.dropFirst()), inPiecesOf: count, endsAtEnd: true) {
      reader.receive($0)
    } next: {
      () throws(MessageFault) in
      try reader.next().map(words)
    }
    do { try reader.close() } catch { events.append("\(error)") }
    return events
  }
  let whole = events(inPiecesOf: .max)
  require(events(inPiecesOf: 1) == whole, "an answer is the same byte by byte")
  require(events(inPiecesOf: 7) == whole, "an answer is the same in pieces")
}

/// All events up to the fault, with the pieces of a body joined.
private func story(
  _ bytes: [UInt8], inPiecesOf count: Int, endsAtEnd: Bool, receive: (RawSpan) -> Void,
  next: () throws(MessageFault) -> String?
) -> [String] {
  var story: [String] = []
  var rest = bytes[...]
  do throws(MessageFault) {
    while !rest.isEmpty {
      receive(Array(rest.prefix(count)).span.bytes)
      rest = rest.dropFirst(count)
      while let event = try next() {
        guard event.hasPrefix("body"), let last = story.last, last.hasPrefix("body") else {
          story.append(event)
          if endsAtEnd, event.hasPrefix("end") { return story }
          continue
        }
        story[story.count - 1] = last + event.dropFirst(4)
      }
    }
  } catch { story.append("fault: \(error)") }
  return story
}

private func words<Head>(_ event: MessageEvent<Head>) -> String {
  switch event {
  case .head(let head): "head \(head)"
  case .body(let piece): "body" + piece.map { " \($0)" }.joined()
  case .end(let trailers): "end \(trailers)"
  }
}

/// An untrusted server answers two calls.
@Sendable func fuzzGRPC(_ bytes: [UInt8]) {
  var options = ClientSession.Options()
  options.messageLimit = 1 << 16
  guard let session = try? ClientSession(scheme: "https", authority: "example.org:2379", options: options)
  else { return }
  var ends = [0, 0]
  let exchanges = (0..<2).map { number in
    CallExchange(
      GRPCRequest(path: "/test.Service/Method", timeout: nil), framed: MessageFraming.frame([1, 2, 3]),
      isComplete: true, answer: number == 0 ? .one : .many { _ in }, limit: options.messageLimit
    ) { _ in ends[number] += 1 }
  }
  for exchange in exchanges { try? session.start(exchange) }
  var sent: [UInt8] = []
  do throws(SessionError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      try Array(rest.prefix(100)).withUnsafeBufferPointer { (bytes) throws(SessionError) in
        try session.receive(UnsafeRawBufferPointer(bytes))
      }
      rest = rest.dropFirst(100)
      sent.removeAll()
      try session.send(into: &sent, enough: 1 << 16)
    }
  } catch { _ = "\(error)" }
  session.fail("the connection ended")
  require(ends == [1, 1], "each call ends once")
}
