internal import CNghttp2
import Network

/// The client's side of one HTTP/2 connection, without sockets and without a clock: bytes of the server go in, bytes
/// for the server come out, and the calls on it learn what has come for them.
///
/// nghttp2 does the frames, the compression of headers and the flow control. Not for several threads at a time.
final class ClientSession {
  struct Options {
    /// Bytes that a server may send on one stream, and on all of them, before it must wait.
    var streamWindow: Int32 = 1 << 20
    var connectionWindow: Int32 = 16 << 20
    /// Bytes of the largest message that is taken.
    var messageLimit = 64 << 20
  }

  /// The server takes no new streams.
  struct GoAway: Hashable {
    let code: UInt32
    let words: String
  }

  let options: Options
  private let scheme: String
  private let authority: String
  private let session: OpaquePointer
  /// What nghttp2 last found wrong, in its words.
  private var fault: String?
  var exchanges: [Int32: CallExchange] = [:]

  /// The server's settings have come. Before that it may still refuse the connection: under TLS 1.3 a client's
  /// certificate is looked at after the client's handshake is over.
  var isReady = false
  var goAway: GoAway?
  /// A PING that has not been answered.
  var isPinged = false

  /// - Parameter authority: Host and port, as in a URL.
  init(scheme: String, authority: String, options: Options = Options()) throws(SessionError) {
    (self.scheme, self.authority, self.options) = (scheme, authority, options)
    session = try Self.makeSession()
    nghttp2_session_set_user_data(session, Unmanaged.passUnretained(self).toOpaque())
    let settings = [
      nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: UInt32(options.streamWindow)
      ),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue), value: 64 << 10),
    ]
    try check(nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), settings, settings.count))
    try check(
      nghttp2_session_set_local_window_size(
        session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, options.connectionWindow))
  }

  deinit { nghttp2_session_del(session) }

  /// nghttp2 keeps copies of the callbacks and options.
  private static func makeSession() throws(SessionError) -> OpaquePointer {
    let callbacks = try SessionCallbacks()
    var options: OpaquePointer?
    guard nghttp2_option_new(&options) == 0 else { throw SessionError(description: "out of memory") }
    defer { nghttp2_option_del(options) }
    // The reader of the messages enlarges the windows.
    nghttp2_option_set_no_auto_window_update(options, 1)
    var session: OpaquePointer?
    let code = nghttp2_session_client_new2(&session, callbacks.pointer, nil, options)
    guard code == 0, let session else { throw SessionError(description: "out of memory") }
    return session
  }

  // MARK: - bytes

  /// Takes bytes of the server. What they mean is told by the calls' closures before this returns.
  func receive(_ bytes: UnsafeRawBufferPointer) throws(SessionError) {
    let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    let taken = nghttp2_session_mem_recv(session, start, bytes.count)
    try check(Int32(clamping: taken))
  }

  /// Adds to `bytes` what is to be sent, until there is nothing more or `bytes` has `enough`.
  func send(into bytes: inout [UInt8], enough: Int) throws(SessionError) {
    while bytes.count < enough {
      var start: UnsafePointer<UInt8>?
      let count = nghttp2_session_mem_send(session, &start)
      try check(Int32(clamping: count))
      guard count > 0 else { return }
      bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: count))
    }
  }

  /// Nothing more comes and nothing more is to be sent.
  var isOver: Bool { nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0 }
  /// Why the session is over, if nghttp2 found something wrong.
  var lastWords: String { fault ?? "the HTTP/2 connection ended" }

  // MARK: - calls

  var isIdle: Bool { exchanges.isEmpty }

  /// Sends a call, or puts it in line if the server takes no more at a time.
  /// - Throws: ``SessionError`` if this connection accepts no more calls; the call is not started then.
  func start(_ exchange: CallExchange) throws(SessionError) {
    var headers = HeaderBlock()
    headers.add(":method", fixed: "POST")
    headers.add(":scheme", scheme)
    headers.add(":path", exchange.path)
    headers.add(":authority", authority)
    headers.add("te", fixed: "trailers")
    headers.add("content-type", fixed: "application/grpc")
    headers.add("user-agent", fixed: "grpc-swift-nghttp2/1")
    if let timeout = exchange.timeout { headers.add("grpc-timeout", TimeoutHeader.value(of: timeout)) }
    for (name, value) in exchange.metadata { headers.add(secret: name, value) }
    var provider = nghttp2_data_provider()
    provider.read_callback = SessionCallbacks.readOutgoing
    let stream = headers.withEntries {
      nghttp2_submit_request(session, nil, $0.baseAddress, $0.count, &provider, nil)
    }
    try check(stream)
    exchange.stream = stream
    exchanges[stream] = exchange
  }

  /// Gives a call up: the server is told to stop, or never hears of it.
  func giveUp(_ exchange: CallExchange) {
    guard let stream = exchange.stream, exchanges.removeValue(forKey: stream) != nil else { return }
    // Only memory can be wanting, and then the next send says so.
    _ = nghttp2_submit_rst_stream(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, NGHTTP2_CANCEL.rawValue)
  }

  /// There is more to send for a call.
  func resume(_ exchange: CallExchange) {
    guard let stream = exchange.stream, exchange.isDeferred, exchanges[stream] != nil else { return }
    exchange.isDeferred = false
    _ = nghttp2_session_resume_data(session, stream)
  }

  /// The server may send this much more for a call.
  func release(_ count: Int, of exchange: CallExchange) {
    guard count > 0, let stream = exchange.stream, exchanges[stream] != nil else { return }
    _ = nghttp2_session_consume_stream(session, stream, count)
  }

  /// Asks the server for a sign of life.
  func ping() {
    isPinged = true
    _ = nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil)
  }

  /// Says goodbye: calls under way are broken off.
  func terminate() {
    _ = nghttp2_session_terminate_session(session, NGHTTP2_NO_ERROR.rawValue)
  }

  /// Ends every call that is left, because the connection has ended. Each is told whether it was sent.
  func fail(_ words: String, cause: NetworkError? = nil) {
    let left = exchanges.values
    exchanges = [:]
    for exchange in left {
      exchange.end(
        .failure(
          GRPCError(
            .unavailable, words, processing: exchange.isOnItsWay ? .maybe : .surelyNot, cause: cause)))
    }
  }

  // MARK: - what the callbacks tell

  func received(_ bytes: UnsafeRawBufferPointer, on stream: Int32) {
    // A stream that is not read must not block the others.
    _ = nghttp2_session_consume_connection(session, bytes.count)
    guard let exchange = exchanges[stream] else {
      _ = nghttp2_session_consume_stream(session, stream, bytes.count)
      return
    }
    if let released = exchange.received(bytes) {
      if released > 0 { _ = nghttp2_session_consume_stream(session, stream, released) }
    } else {
      giveUp(exchange)
      exchange.closed(code: 0, words: "")
    }
  }

  /// The server has said its last on a stream. That is the end of the call, though nghttp2 waits for what the client still
  /// has to send.
  func serverFinished(_ stream: Int32) {
    guard let exchange = exchanges[stream], !exchange.isOutgoingComplete || exchange.unsent > 0 else {
      return
    }
    giveUp(exchange)
    exchange.closed(code: 0, words: "")
  }

  func closed(_ stream: Int32, code: UInt32) {
    guard let exchange = exchanges.removeValue(forKey: stream) else { return }
    exchange.closed(code: code, words: String(cString: nghttp2_http2_strerror(code)))
  }

  func found(fault: String) { self.fault = fault }

  private func check(_ code: Int32) throws(SessionError) {
    guard code < 0 else { return }
    throw SessionError(description: fault ?? String(cString: nghttp2_strerror(code)))
  }
}
