internal import COpenSSL

/// TLS of one connection: a state machine that is given the peer's bytes and gives the bytes to send. It knows nothing
/// of sockets. One thread uses it at a time.
package final class TLSSession {
  /// What a read gave.
  package enum Read: Equatable {
    /// So many bytes are at the start of the buffer.
    case bytes(Int)
    /// More of the peer's bytes are needed first.
    case wantsBytes
    /// The peer has said that it sends no more.
    case ended
  }

  private let session: OpaquePointer
  private let context: TLSContext
  private let notes: TLSNotes
  private let wire = TLSWire()
  private var hasFailed = false
  private(set) package var isHandshakeDone = false

  /// - Parameter name: a server's name or address, which its certificate must have: a name among its DNS names, an
  ///   address among its IP addresses. Nil on a server, and with ``TLSTrust/anyone``.
  /// - Throws: ``TLSError/unusable(_:)`` for a name that cannot be one.
  package init(_ context: TLSContext, name: String? = nil) throws(TLSError) {
    Calls.begin()
    guard let session = SSL_new(context.pointer) else {
      throw .unusable("\(CryptographyError("set up a TLS session"))")
    }
    self.session = session
    self.context = context
    notes = TLSNotes(context, name: name)
    guard SSL_set_ex_data(session, 0, Unmanaged.passUnretained(notes).toOpaque()) == 1,
      let bio = wire.makeBIO()
    else { throw .unusable("\(CryptographyError("set up a TLS session"))") }
    // One BIO for both directions, of which the session owns its one reference.
    SSL_set_bio(session, bio, bio)
    switch context.role {
    case .client:
      SSL_set_connect_state(session)
      if let name { try expect(name) }
    case .server: SSL_set_accept_state(session)
    }
  }

  deinit { SSL_free(session) }

  // MARK: The peer's side

  /// Takes bytes that came from the peer.
  package func receive(_ bytes: RawSpan) { wire.receive(bytes) }

  /// Says that no more bytes come from the peer.
  package func receiveEnd() { wire.hasEnded = true }

  /// Bytes that wait to be sent to the peer; also after an error, when they are the alert that says why.
  package var outgoing: ByteQueue {
    _read { yield wire.output }
    _modify { yield &wire.output }
  }

  // MARK: Our side

  /// Goes on with the handshake as far as the peer's bytes allow. Not needed where ``read(into:)`` or ``write(_:)`` is
  /// called afterwards only.
  /// - Returns: whether it is complete on this side.
  package func handshake() throws(TLSError) -> Bool {
    if isHandshakeDone { return true }
    try mayGoOn()
    Calls.begin()
    let result = SSL_do_handshake(session)
    guard result == 1 else {
      try explain(result)
      return false
    }
    isHandshakeDone = true
    return true
  }

  /// Reads what the peer said into the buffer.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(TLSError) -> Read {
    try mayGoOn()
    Calls.begin()
    var count = 0
    let result = SSL_read_ex(session, buffer.baseAddress, buffer.count, &count)
    if result == 1 { return .bytes(count) }
    if SSL_get_error(session, result) == SSL_ERROR_ZERO_RETURN { return .ended }
    try explain(result)
    return .wantsBytes
  }

  /// Encrypts bytes into ``outgoing``.
  /// - Returns: how many of them; 0 where the handshake needs more of the peer's bytes first.
  package func write(_ bytes: RawSpan) throws(TLSError) -> Int {
    try mayGoOn()
    Calls.begin()
    var total = 0
    while total < bytes.byteCount {
      var count = 0
      let result = bytes.extracting(droppingFirst: total).withUnsafeBytes {
        SSL_write_ex(session, $0.baseAddress, $0.count, &count)
      }
      guard result == 1 else {
        try explain(result)
        break
      }
      total += count
    }
    return total
  }

  /// Says to the peer that nothing more is sent. What it still sends can be read.
  package func finish() {
    // Before the end of the handshake there is nothing to end, and after an error OpenSSL has said why.
    guard isHandshakeDone, !hasFailed else { return }
    Calls.begin()
    if SSL_shutdown(session) < 0 { Calls.begin() }
  }

  // MARK: What was agreed

  /// As in "TLSv1.3".
  package var version: String { String(cString: SSL_get_version(session)) }

  /// The application protocol that was agreed on with ALPN; nil where none was.
  package var applicationProtocol: String? {
    var start: UnsafePointer<UInt8>?
    var count: UInt32 = 0
    SSL_get0_alpn_selected(session, &start, &count)
    guard let start, count > 0 else { return nil }
    return String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
  }

  /// The peer's certificate and those that it sent with it, as it sent them; empty where it has none.
  /// - Throws: ``TLSError/other(_:)`` for one that OpenSSL accepts and that is not in DER throughout.
  package func peerCertificates() throws(TLSError) -> [Certificate] {
    guard let own = SSL_get0_peer_certificate(session) else { return [] }
    var certificates = [own]
    // A client's list begins with the server's own, a server's has only the others.
    for index in 0..<shim_tls_chain_count(session) where index > 0 || context.role == .server {
      if let certificate = shim_tls_chain_certificate(session, index) { certificates.append(certificate) }
    }
    do throws(CryptographyError) {
      return try certificates.map { (certificate) throws(CryptographyError) in
        try Certificate(ofPeer: certificate)
      }
    } catch { throw .other("\(error)") }
  }

  // MARK: Inside

  /// Requires the server's certificate to be for this name.
  private func expect(_ name: String) throws(TLSError) {
    let parameters = SSL_get0_param(session)
    if let address = IPAddress.bytes(name) {
      guard X509_VERIFY_PARAM_set1_ip(parameters, address, address.count) == 1 else {
        throw .unusable("'\(name)' cannot be the address of a server")
      }
      return
    }
    // RFC 6125: a name is looked for among the DNS names only, and a star stands for a whole label.
    let host = name.hasSuffix(".") ? String(name.dropLast()) : name
    X509_VERIFY_PARAM_set_hostflags(
      parameters, UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
    guard !host.isEmpty, !host.utf8.contains(0),
      X509_VERIFY_PARAM_set1_host(parameters, host, host.utf8.count) == 1,
      shim_tls_set_server_name(session, host) == 1
    else { throw .unusable("'\(name)' cannot be the name of a server") }
  }

  private func mayGoOn() throws(TLSError) {
    // OpenSSL forbids further calls after a fatal error.
    if hasFailed { throw .other("the session has failed before") }
  }

  /// Returns where the peer's bytes are missing, and throws the cause otherwise.
  private func explain(_ result: Int32) throws(TLSError) {
    switch SSL_get_error(session, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return
    case SSL_ERROR_ZERO_RETURN:
      throw isHandshakeDone ? .truncated : .closedInHandshake
    default:
      hasFailed = true
      throw TLSError(
        CryptographyError("speak TLS"), notes: notes, firstBytes: wire.firstBytes,
        isHandshakeDone: isHandshakeDone,
        hasEnded: wire.hasEnded)
    }
  }
}
