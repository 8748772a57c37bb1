internal import COpenSSL
import Synchronization

/// Who a client trusts.
package enum TLSTrust: Sendable {
  /// Exactly these, roots or not, and never the system's.
  case authorities([Certificate])
  /// Those that the system trusts (OpenSSL's default store).
  case system
  /// Everybody: only for a handshake that reads a server's certificate. No byte of what such a session says is to be
  /// believed.
  case anyone
}

/// What a server wants of its clients' certificates.
package enum TLSClientCertificates: Sendable {
  case notRequested
  /// A client may come without one; one that is shown must be of these authorities.
  case optional([Certificate])
  case required([Certificate])
  /// A client may come without one. Of one that is shown only the possession of its key is proved; everything else is
  /// for the application to decide, which gets the chain as it was sent.
  case unverified
}

/// A certificate with the ones between it and the root, and its key.
package struct TLSIdentity: Sendable {
  /// The own certificate first.
  package let chain: [Certificate]
  package let key: PrivateKey

  package init(chain: [Certificate], key: PrivateKey) {
    self.chain = chain
    self.key = key
  }
}

/// What all connections of a client or a server have in common: an `SSL_CTX` that is complete when it is made.
///
/// OpenSSL counts references to it atomically and only reads it once sessions use it, so it may be shared by threads.
package final class TLSContext: @unchecked Sendable {
  enum Role { case client, server }

  let pointer: OpaquePointer
  let role: Role
  /// Whether the verdict on the peer's certificate is left to the application.
  let acceptsAnyone: Bool
  /// The protocols in the order of preference, each with its length before it (RFC 7301).
  let protocols: [UInt8]

  /// - Parameters:
  ///   - trust: whose certificates are accepted.
  ///   - identity: what the client shows when it is asked for a certificate.
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
    // 0 is success here.
    guard
      context.protocols.isEmpty
        || SSL_CTX_set_alpn_protos(context.pointer, context.protocols, UInt32(context.protocols.count)) == 0
    else { throw .unusable(words("use the application protocols")) }
    return context
  }

  /// - Parameters:
  ///   - identity: what the server shows.
  ///   - clients: what it wants of its clients.
  ///   - protocols: for ALPN, the preferred one first. A client that knows none of them is served all the same, without
  ///     one.
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
    // A certificate that is trusted is trusted whether or not it is a root.
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
      // Adding one twice is no error.
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
    // Both say whether the key is the certificate's.
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
