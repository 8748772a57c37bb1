internal import COpenSSL

/// Which server certificates a client accepts.
package enum TLSTrust: Sendable {
  /// Certificates that lead to exactly these, roots or not; the system's authorities are not used.
  case authorities([Certificate])
  /// Certificates that lead to the system's authorities (OpenSSL's default store).
  case system
  /// Any certificate: only to read a server's certificate in a handshake. Data of such a session is not
  /// authenticated.
  case anyone
}

/// Whether a server requests a client certificate, and which it accepts.
package enum TLSClientCertificates: Sendable {
  case notRequested
  /// Requested. A client may send none; one that is sent must lead to these authorities.
  case optional([Certificate])
  case required([Certificate])
  /// Requested. A client may send none. Of one that is sent, only possession of the key is verified; the application
  /// gets the chain as it was sent and decides.
  case unverified
}

/// A certificate with its intermediates and its key.
package struct TLSIdentity: Sendable {
  /// The end-entity certificate first.
  package let chain: [Certificate]
  package let key: PrivateKey

  package init(chain: [Certificate], key: PrivateKey) {
    self.chain = chain
    self.key = key
  }
}

/// The configuration of TLS for a client or a server: an `SSL_CTX`, which does not change after `init`.
///
/// Sendable because OpenSSL counts its references atomically and only reads it when sessions use it.
package final class TLSContext: @unchecked Sendable {
  enum Role { case client, server }

  let pointer: OpaquePointer
  let role: Role
  /// Whether the application decides about the peer's certificate.
  let acceptsAnyone: Bool
  /// The protocols in the order of preference, each with its length before it (RFC 7301).
  let protocols: [UInt8]

  /// - Parameters:
  ///   - trust: which server certificates are accepted.
  ///   - identity: the client certificate, sent if the server requests one.
  ///   - protocols: for ALPN, the preferred one first: "h2", "http/1.1".
  /// - Throws: ``TLSError/unusable(_:)``.
  package static func client(
    trusting trust: TLSTrust, identity: TLSIdentity? = nil, protocols: [String] = []
  ) throws(TLSError) -> TLSContext {
    var acceptsAnyone = false
    if case .anyone = trust { acceptsAnyone = true }
    let context = try TLSContext(.client, acceptsAnyone: acceptsAnyone, protocols: protocols)
    switch trust {
    case .authorities(let authorities): try context.trust(authorities)
    case .system:
      guard SSL_CTX_set_default_verify_paths(context.pointer) == 1 else {
        throw .unusable(words("use the system's authorities"))
      }
    case .anyone: break
    }
    if let identity { try context.use(identity) }
    SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER, verdict)
    // This function returns 0 on success.
    guard
      context.protocols.isEmpty
        || SSL_CTX_set_alpn_protos(context.pointer, context.protocols, UInt32(context.protocols.count)) == 0
    else { throw .unusable(words("use the application protocols")) }
    return context
  }

  /// - Parameters:
  ///   - identity: the server certificate.
  ///   - clients: whether a client certificate is requested.
  ///   - protocols: for ALPN, the preferred one first. If a client offers none of them, the handshake continues
  ///     without ALPN.
  /// - Throws: ``TLSError/unusable(_:)``.
  package static func server(
    identity: TLSIdentity, clients: TLSClientCertificates = .notRequested, protocols: [String] = []
  ) throws(TLSError) -> TLSContext {
    var acceptsAnyone = false
    if case .unverified = clients { acceptsAnyone = true }
    let context = try TLSContext(.server, acceptsAnyone: acceptsAnyone, protocols: protocols)
    try context.use(identity)
    let mode: Int32
    switch clients {
    case .notRequested: mode = SSL_VERIFY_NONE
    case .unverified: mode = SSL_VERIFY_PEER
    case .optional(let authorities):
      try context.trust(authorities)
      mode = SSL_VERIFY_PEER
    case .required(let authorities):
      try context.trust(authorities)
      mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
    }
    SSL_CTX_set_verify(context.pointer, mode, verdict)
    guard SSL_CTX_set_num_tickets(context.pointer, 0) == 1 else {
      throw .unusable(words("turn off session tickets"))
    }
    if !context.protocols.isEmpty { SSL_CTX_set_alpn_select_cb(context.pointer, chooseProtocol, nil) }
    return context
  }

  private init(_ role: Role, acceptsAnyone: Bool, protocols: [String]) throws(TLSError) {
    Calls.begin()
    guard let pointer = SSL_CTX_new(role == .client ? TLS_client_method() : TLS_server_method()) else {
      throw .unusable(Self.words("set up TLS"))
    }
    self.pointer = pointer
    self.role = role
    self.acceptsAnyone = acceptsAnyone
    self.protocols = protocols.flatMap { [UInt8(truncatingIfNeeded: $0.utf8.count)] + Array($0.utf8) }
    guard protocols.allSatisfy({ (1...255).contains($0.utf8.count) }) else {
      throw .unusable("the name of an application protocol has 1 to 255 bytes")
    }
    guard shim_tls_minimum(pointer, TLS1_2_VERSION) == 1 else {
      throw .unusable(Self.words("require TLS 1.2"))
    }
    shim_tls_set_modes(pointer)
    shim_tls_set_options(pointer)
    // A trusted certificate need not be a root.
    guard X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(pointer), UInt(X509_V_FLAG_PARTIAL_CHAIN)) == 1
    else {
      throw .unusable(Self.words("set up verification"))
    }
  }

  deinit { SSL_CTX_free(pointer) }

  private func trust(_ authorities: [Certificate]) throws(TLSError) {
    guard !authorities.isEmpty else { throw .unusable("no authority is given") }
    let store = SSL_CTX_get_cert_store(pointer)
    for authority in authorities {
      // Adding a certificate twice succeeds.
      guard X509_STORE_add_cert(store, try Self.verifiable(authority)) == 1 else {
        throw .unusable(Self.words("trust an authority"))
      }
      guard role == .server else { continue }
      guard SSL_CTX_add_client_CA(pointer, try Self.verifiable(authority)) == 1 else {
        throw .unusable(Self.words("name an authority to clients"))
      }
    }
  }

  private func use(_ identity: TLSIdentity) throws(TLSError) {
    guard let own = identity.chain.first else { throw .unusable("no certificate is given") }
    guard SSL_CTX_use_certificate(pointer, try Self.verifiable(own)) == 1 else {
      throw .unusable(Self.words("use the certificate"))
    }
    for certificate in identity.chain.dropFirst() {
      guard shim_tls_add_chain(pointer, try Self.verifiable(certificate)) == 1 else {
        throw .unusable(Self.words("use the certificate's chain"))
      }
    }
    // Both check that the key belongs to the certificate.
    guard SSL_CTX_use_PrivateKey(pointer, identity.key.pointer) == 1, SSL_CTX_check_private_key(pointer) == 1
    else {
      throw .unusable(Self.words("use the certificate with its key"))
    }
  }

  private static func verifiable(_ certificate: Certificate) throws(TLSError) -> OpaquePointer {
    do { return try certificate.verifiable() } catch { throw .unusable("\(error)") }
  }

  private static func words(_ operation: String) -> String { "\(CryptographyError(operation))" }
}
