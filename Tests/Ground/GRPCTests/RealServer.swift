import Cryptography
import Network
import Synchronization

@testable import GRPC

/// A server on loopback that says back every message, as far as one can without looking into the headers: frames made by
/// hand on the room Network.
final class RealServer: Sendable {
  /// What it does with a call.
  enum Manner: Sendable {
    case answer
    /// Takes calls and says nothing.
    case silent
    /// Answers so many calls on a connection, says goodbye, and ends the connection when it has answered those before it.
    case goodbye(after: Int)
    /// Ends a connection after so many calls, without answering the last.
    case drop(after: Int)
    /// The first connection answers so many calls and is dead from then on, without a word, as when a firewall has
    /// forgotten it. The others answer.
    case dies(after: Int)
  }

  let listener: Listener
  private let accepted: Counter

  private final class Counter: Sendable {
    let count = Atomic(0)
  }

  /// How many connections there were.
  var connections: Int { accepted.count.load(ordering: .relaxed) }
  var port: UInt16 { listener.address.port }

  init(_ manner: Manner, tls: TLSContext? = nil, on loop: EventLoop) async throws {
    let secured: (@Sendable () -> TLSContext)? = tls.map { context in { @Sendable in context } }
    let accepted = Counter()
    self.accepted = accepted
    listener = try await Listener.listen(
      on: "127.0.0.1", port: 0, options: ListenOptions(tls: secured), loop: loop
    ) { _ in
      let isFirst = accepted.count.add(1, ordering: .relaxed).oldValue == 0
      if case .dies = manner, !isFirst { return ServerConnection(.answer) }
      return ServerConnection(manner)
    }
  }

  deinit { listener.close() }
}

private final class ServerConnection: ConnectionHandler {
  private let manner: RealServer.Manner
  private var received: [UInt8] = []
  private var bodies: [Int32: [UInt8]] = [:]
  private var answered: Set<Int32> = []
  private var calls = 0
  private var isLeaving = false
  /// Bytes that the client takes, by stream, and on the connection as 0; and what waits for more.
  private var windows: [Int32: Int] = [0: 65_535]
  private var firstWindow = 65_535
  private var waiting: [Int32: [Frame]] = [:]

  init(_ manner: RealServer.Manner) { self.manner = manner }

  func opened(_ connection: Connection) {
    connection.write(Frame.settings([(4, 1 << 20)]).bytes)
    connection.write(Frame.window(100 << 20, stream: 0).bytes)
  }

  func received(_ bytes: RawSpan, on connection: Connection) {
    if case .dies(let after) = manner, calls > after { return }
    bytes.withUnsafeBytes { received += $0 }
    let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    if received.starts(with: preface) { received.removeFirst(preface.count) }
    let frames = Frame.all(in: received)
    received.removeFirst(frames.reduce(0) { $0 + $1.payload.count + 9 })
    for frame in frames { take(frame, connection) }
  }

  private func take(_ frame: Frame, _ connection: Connection) {
    switch frame.kind {
    case .settings where frame.flags == 0:
      for start in stride(from: 0, to: frame.payload.count, by: 6) where frame.payload[start + 1] == 4 {
        firstWindow = number(frame.payload[(start + 2)..<(start + 6)])
      }
      connection.write(Frame(.settings, flags: Frame.acknowledgement).bytes)
    case .ping where frame.flags == 0:
      connection.write(Frame(.ping, flags: Frame.acknowledgement, frame.payload).bytes)
    case .windowUpdate:
      windows[frame.stream, default: firstWindow] += number(frame.payload[...])
      for stream in waiting.keys.sorted() { sendWaiting(stream, connection) }
    case .headers where !isLeaving: calls += 1
    case .data:
      bodies[frame.stream, default: []] += frame.payload
      connection.write(Frame.window(UInt32(max(1, frame.payload.count)), stream: frame.stream).bytes)
      answer(frame.stream, isLast: frame.flags & Frame.endStream != 0, connection)
    default: break
    }
  }

  private func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

  private func sendWaiting(_ stream: Int32, _ connection: Connection) {
    while let frame = waiting[stream]?.first {
      let count = frame.kind == .data ? frame.payload.count : 0
      guard windows[0, default: 0] >= count, windows[stream, default: firstWindow] >= count else { return }
      windows[0, default: 0] -= count
      windows[stream, default: firstWindow] -= count
      waiting[stream]?.removeFirst()
      connection.write(frame.bytes)
    }
  }

  private func answer(_ stream: Int32, isLast: Bool, _ connection: Connection) {
    switch manner {
    case .silent: return
    case .dies(let after) where calls > after: return
    case .drop(let after) where calls > after: return connection.abort(because: .closed)
    case .goodbye(let after) where calls > after && !isLeaving:
      isLeaving = true
      connection.write(Frame.goAway(last: UInt32(stream - 2)).bytes)
    default: break
    }
    guard !isLeaving else { return }
    // Whole messages go back as they came.
    let body = bodies[stream] ?? []
    var whole = 0
    while body.count >= whole + 5 {
      let length = number(body[(whole + 1)..<(whole + 5)])
      guard body.count >= whole + 5 + length else { break }
      whole += 5 + length
    }
    var frames = answered.insert(stream).inserted ? [Frame.answer(stream: stream)] : []
    for start in stride(from: 0, to: whole, by: 16_384) {
      frames.append(Frame(.data, stream: stream, Array(body[start..<min(whole, start + 16_384)])))
    }
    bodies[stream] = Array(body.dropFirst(whole))
    if isLast { frames.append(.trailers(stream: stream)) }
    waiting[stream, default: []] += frames
    sendWaiting(stream, connection)
  }

  func closed(_ connection: Connection, because error: NetworkError?) {}
}
