internal import CNghttp2

/// What nghttp2 calls while it takes or makes bytes, for one session at a time.
///
/// None of these may ask the session to send or to receive (nghttp2, `nghttp2.h`, `nghttp2_session_mem_recv`).
struct SessionCallbacks: ~Copyable {
  let pointer: OpaquePointer

  init() throws(SessionError) {
    var callbacks: OpaquePointer?
    guard nghttp2_session_callbacks_new(&callbacks) == 0, let callbacks else {
      throw SessionError(description: "out of memory")
    }
    pointer = callbacks
    nghttp2_session_callbacks_set_on_header_callback(callbacks, Self.onHeader)
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Self.onData)
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Self.onFrame)
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Self.onStreamClose)
    nghttp2_session_callbacks_set_before_frame_send_callback(callbacks, Self.beforeFrameSend)
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, Self.onFrameNotSend)
    nghttp2_session_callbacks_set_error_callback2(callbacks, Self.onError)
  }

  deinit { nghttp2_session_callbacks_del(pointer) }

  /// The session whose bytes are taken or made: it is alive, because it is what called nghttp2.
  private static func session(_ user: UnsafeMutableRawPointer?) -> ClientSession? {
    user.map { Unmanaged<ClientSession>.fromOpaque($0).takeUnretainedValue() }
  }

  private static let onHeader: nghttp2_on_header_callback = {
    _, frame, name, nameLength, value, valueLength, _, user in
    guard let frame, let exchange = session(user)?.exchanges[frame.pointee.hd.stream_id] else { return 0 }
    exchange.received(
      header: UnsafeBufferPointer(start: name, count: nameLength),
      value: UnsafeBufferPointer(start: value, count: valueLength))
    return 0
  }

  private static let onData: nghttp2_on_data_chunk_recv_callback = { _, _, stream, bytes, count, user in
    session(user)?.received(UnsafeRawBufferPointer(start: bytes, count: count), on: stream)
    return 0
  }

  private static let onFrame: nghttp2_on_frame_recv_callback = { _, frame, user in
    guard let frame = frame?.pointee, let session = session(user) else { return 0 }
    let isAcknowledgement = frame.hd.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0
    switch UInt32(frame.hd.type) {
    case NGHTTP2_SETTINGS.rawValue where !isAcknowledgement: session.isReady = true
    case NGHTTP2_PING.rawValue where isAcknowledgement: session.isPinged = false
    case NGHTTP2_GOAWAY.rawValue:
      let words = UnsafeBufferPointer(start: frame.goaway.opaque_data, count: frame.goaway.opaque_data_len)
      let name = String(cString: nghttp2_http2_strerror(frame.goaway.error_code))
      session.goAway = ClientSession.GoAway(
        code: frame.goaway.error_code,
        words: words.isEmpty ? name : String(decoding: words.prefix(200), as: UTF8.self))
    case NGHTTP2_HEADERS.rawValue, NGHTTP2_DATA.rawValue:
      guard frame.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 else { break }
      session.serverFinished(frame.hd.stream_id)
    default: break
    }
    return 0
  }

  private static let onStreamClose: nghttp2_on_stream_close_callback = { _, stream, code, user in
    session(user)?.closed(stream, code: code)
    return 0
  }

  private static let beforeFrameSend: nghttp2_before_frame_send_callback = { _, frame, user in
    mark(frame, user, isOnItsWay: true)
    return 0
  }

  private static let onFrameNotSend: nghttp2_on_frame_not_send_callback = { _, frame, _, user in
    mark(frame, user, isOnItsWay: false)
    return 0
  }

  private static func mark(
    _ frame: UnsafePointer<nghttp2_frame>?, _ user: UnsafeMutableRawPointer?, isOnItsWay: Bool
  ) {
    guard let frame, UInt32(frame.pointee.hd.type) == NGHTTP2_HEADERS.rawValue else { return }
    session(user)?.exchanges[frame.pointee.hd.stream_id]?.isOnItsWay = isOnItsWay
  }

  private static let onError: nghttp2_error_callback2 = { _, _, words, length, user in
    guard let words else { return 0 }
    let text = UnsafeRawBufferPointer(start: words, count: length)
    session(user)?.found(fault: String(decoding: text, as: UTF8.self))
    return 0
  }

  /// The next bytes of a request's messages.
  static let readOutgoing: nghttp2_data_source_read_callback = { _, stream, buffer, room, flags, _, user in
    guard let exchange = session(user)?.exchanges[stream], let flags else {
      return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    }
    let count = exchange.copyOutgoing(into: UnsafeMutableRawBufferPointer(start: buffer, count: room))
    if exchange.isOutgoingComplete, exchange.unsent == 0 {
      flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
    } else if count == 0 {
      exchange.isDeferred = true
      return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }
    return count
  }
}
