internal import COpenSSL

/// TLS for one connection: a state machine that takes the peer's bytes and produces the bytes to send. It uses no
/// socket. Only one thread may use it at a time.
package final class TLSSession {
  /// The result of a read.
  package enum Read: Equatable {
    /// The number of bytes at the start of the buffer.
    case bytes(Int)
    /// More bytes from the peer are needed.
    case wantsBytes
    /// The peer has sent close_notify.
    case ended
  }

  private let session: OpaquePointer
  private let context: TLSContext
  private let notes: TLSNotes
  private let wire = TLSWire()
  private var hasFailed = false
  private(set) package var isHandshakeDone = false

  /// - Parameter name: the server's name or address. Its certificate must contain a name among the DNS names, an
  ///   address among the IP addresses. Nil on a server. With ``TLSTrust/anyone`` it is only sent (SNI), not checked.
  /// - Throws: ``TLSError/unusable(_:)`` if the text cannot be a host name.
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
    // One BIO for both directions. The session takes the only reference to it.
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

  /// Takes bytes that were received from the peer.
  package func receive(_ bytes: RawSpan) { wire.receive(bytes) }

  /// Tells the session that the peer's TCP stream has ended.
  package func receiveEnd() { wire.hasEnded = true }

  /// Bytes to send to the peer. After an error they contain the alert.
  package var outgoing: ByteQueue {
    _read { yield wire.output }
    _modify { yield &wire.output }
  }

  // MARK: Our side

  /// Advances the handshake as far as the peer's bytes allow.
  /// - Returns: true if it is complete on this side.
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

  /// Decrypts into the buffer.
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
  /// - Returns: how many; 0 if the handshake needs more bytes from the peer first.
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

  /// Sends close_notify. Reading remains possible.
  package func finish() {
    // OpenSSL forbids it during a handshake and after a fatal error.
    guard isHandshakeDone, !hasFailed else { return }
    Calls.begin()
    if SSL_shutdown(session) < 0 { Calls.begin() }
  }

  // MARK: What was agreed

  /// As in "TLSv1.3".
  package var version: String { String(cString: SSL_get_version(session)) }

  /// The application protocol negotiated with ALPN; nil without one.
  package var applicationProtocol: String? {
    var start: UnsafePointer<UInt8>?
    var count: UInt32 = 0
    SSL_get0_alpn_selected(session, &start, &count)
    guard let start, count > 0 else { return nil }
    return String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
  }

  /// The peer's certificate and the certificates it sent with it, in its order; empty if it sent none.
  /// - Throws: ``TLSError/other(_:)`` if OpenSSL accepted one that is not strict DER.
  package func peerCertificates() throws(TLSError) -> [Certificate] {
    guard let own = SSL_get0_peer_certificate(session) else { return [] }
    var certificates = [own]
    // On a client OpenSSL's list contains the peer's own certificate, on a server it does not.
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

  /// Requires the server's certificate to contain this name.
  private func expect(_ name: String) throws(TLSError) {
    let parameters = SSL_get0_param(session)
    if let address = IPAddress.bytes(name) {
      guard X509_VERIFY_PARAM_set1_ip(parameters, address, address.count) == 1 else {
        throw .unusable("'\(name)' cannot be the address of a server")
      }
      return
    }
    // RFC 6125: only DNS names are compared, and a wildcard stands for a whole label.
    let host = name.hasSuffix(".") ? String(name.dropLast()) : name
    // OpenSSL takes ".example.com" for any host below it.
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    X509_VERIFY_PARAM_set_hostflags(
      parameters, UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
    guard !labels.contains(where: \.isEmpty), !host.utf8.contains(0),
      X509_VERIFY_PARAM_set1_host(parameters, host, host.utf8.count) == 1,
      shim_tls_set_server_name(session, host) == 1
    else { throw .unusable("'\(name)' cannot be the name of a server") }
  }

  private func mayGoOn() throws(TLSError) {
    // OpenSSL forbids further calls after a fatal error.
    if hasFailed { throw .other("the session has failed before") }
  }

  /// Returns if bytes from the peer are missing; otherwise throws the cause.
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
