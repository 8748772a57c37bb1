internal import COpenSSL

/// OpenSSL calls it for each certificate of the peer's chain, and for each fault of one.
/// - Returns: 1 if the handshake is to continue.
let verdict: @convention(c) (Int32, OpaquePointer?) -> Int32 = { isGood, store in
  guard let session = store.flatMap({ X509_STORE_CTX_get_ex_data($0, SSL_get_ex_data_X509_STORE_CTX_idx()) }),
    let notes = TLSNotes.of(OpaquePointer(session))
  else { return 0 }
  if isGood == 1 { return 1 }
  // The application decides: the fault is cleared.
  if notes.acceptsAnyone {
    X509_STORE_CTX_set_error(store, X509_V_OK)
    return 1
  }
  if notes.fault == nil { notes.fault = TLSNotes.fault(store, expected: notes.name) }
  return 0
}

/// OpenSSL calls it when a client offers protocols (ALPN). The server's order of preference decides.
let chooseProtocol:
  @convention(c) (
    OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
    UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
  ) -> Int32 = { session, chosen, count, offered, offeredCount, _ in
    guard let session, let chosen, let count, let offered, let notes = TLSNotes.of(session) else {
      return SSL_TLSEXT_ERR_NOACK
    }
    // The result points into the client's bytes; OpenSSL copies it.
    let theirs = UnsafeBufferPointer(start: offered, count: Int(offeredCount))
    var own = notes.protocols[...]
    while let length = own.popFirst(), own.count >= Int(length) {
      let candidate = own.prefix(Int(length))
      own = own.dropFirst(Int(length))
      var position = 0
      while position < theirs.count, position + 1 + Int(theirs[position]) <= theirs.count {
        let range = position + 1..<position + 1 + Int(theirs[position])
        if theirs[range].elementsEqual(candidate) {
          chosen.pointee = offered + range.lowerBound
          count.pointee = length
          return SSL_TLSEXT_ERR_OK
        }
        position = range.upperBound
      }
    }
    return SSL_TLSEXT_ERR_NOACK
  }

/// What OpenSSL's callbacks need from a session, and what they find. ``TLSSession`` owns it; OpenSSL's `SSL` has an
/// unowned pointer to it.
final class TLSNotes {
  let acceptsAnyone: Bool
  let protocols: [UInt8]
  let name: String?
  /// The first fault of the peer's certificate chain.
  var fault: TLSError?

  init(_ context: TLSContext, name: String?) {
    acceptsAnyone = context.acceptsAnyone
    protocols = context.protocols
    self.name = name
  }

  static func of(_ session: OpaquePointer) -> TLSNotes? {
    SSL_get_ex_data(session, 0).map { Unmanaged<TLSNotes>.fromOpaque($0).takeUnretainedValue() }
  }

  static func fault(_ store: OpaquePointer?, expected: String?) -> TLSError {
    let code = X509_STORE_CTX_get_error(store)
    let reason = String(cString: X509_verify_cert_error_string(Int(code)))
    guard let pointer = X509_STORE_CTX_get_current_cert(store) else { return .other(reason) }
    do throws(CryptographyError) {
      let certificate = try Certificate(ofPeer: pointer)
      let subject = certificate.subject.relativeNames.isEmpty ? "the peer" : "\(certificate.subject)"
      switch code {
      case X509_V_ERR_CERT_HAS_EXPIRED: return .expired(subject: subject, notAfter: certificate.notAfter)
      case X509_V_ERR_CERT_NOT_YET_VALID:
        return .notYetValid(subject: subject, notBefore: certificate.notBefore)
      case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
        return .wrongName(expected: expected ?? "", found: try certificate.hosts)
      case _ where authorityErrors.contains(code):
        return .unknownAuthority(issuer: "\(certificate.issuer)", reason: reason)
      default: return .badCertificate(subject: subject, reason: reason)
      }
    } catch { return .badCertificate(subject: "the peer", reason: "\(reason); \(error)") }
  }

  private static let authorityErrors: Set<Int32> = [
    X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
    X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
    X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_CERT_UNTRUSTED, X509_V_ERR_CERT_SIGNATURE_FAILURE,
    X509_V_ERR_AKID_SKID_MISMATCH, X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH,
  ]
}
