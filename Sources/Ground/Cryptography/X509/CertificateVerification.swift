internal import COpenSSL

extension Certificate {
  /// The purpose for which a peer presents a certificate.
  package enum Purpose: Hashable, Sendable {
    case client, server
  }

  /// Verifies the chain to one of the authorities: signatures, validity, basic constraints, key usages, name constraints,
  /// revocation, and the host if one is given.
  /// - Parameters:
  ///   - intermediates: the certificates that the peer sends with it.
  ///   - authorities: the trust anchors, self-signed or not. The system's own are not used.
  ///   - lists: revocation lists of the issuer. If empty, revocation is not checked.
  ///   - moment: time of the check, in seconds since 1970.
  ///   - host: `dns` or `ip`.
  /// - Throws: ``CryptographyError`` with OpenSSL's text, as in "certificate has expired"; the reason of its entry is a
  ///   number of `openssl/x509_vfy.h` (`X509_V_ERR_…`).
  package func verify(
    with intermediates: [Certificate] = [], authorities: [Certificate], lists: [RevocationList] = [],
    for purpose: Purpose, at moment: Int, host: GeneralName? = nil
  ) throws(CryptographyError) {
    Calls.begin()
    let operation = "verify a certificate"
    let store = try Owned(X509_STORE_new(), X509_STORE_free, operation)
    // The store retains what is added.
    for authority in authorities {
      try check(X509_STORE_add_cert(store.pointer, authority.verifiable()), operation)
    }
    for list in lists { try check(X509_STORE_add_crl(store.pointer, list.pointer), operation) }
    let chain = try Owned(shim_certificates_new(), shim_certificates_free, operation)
    for certificate in intermediates {
      try check(shim_certificates_push(chain.pointer, certificate.verifiable()), operation)
    }
    let context = try Owned(X509_STORE_CTX_new(), X509_STORE_CTX_free, operation)
    try check(X509_STORE_CTX_init(context.pointer, store.pointer, verifiable(), chain.pointer), operation)
    let parameters = try check(X509_STORE_CTX_get0_param(context.pointer), operation)
    var flags = UInt(X509_V_FLAG_PARTIAL_CHAIN)
    if !lists.isEmpty { flags |= UInt(X509_V_FLAG_CRL_CHECK) }
    try check(X509_VERIFY_PARAM_set_flags(parameters, flags), operation)
    X509_VERIFY_PARAM_set_time(parameters, moment)
    let number = purpose == .client ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER
    try check(X509_VERIFY_PARAM_set_purpose(parameters, number), operation)
    switch host {
    case .dns(let name):
      guard !name.isEmpty, !name.utf8.contains(0) else {
        throw CryptographyError(operation, because: "no host name")
      }
      try check(X509_VERIFY_PARAM_set1_host(parameters, name, name.utf8.count), operation)
    case .ip(let address):
      try check(X509_VERIFY_PARAM_set1_ip(parameters, address, address.count), operation)
    case nil: break
    default: throw CryptographyError(operation, because: "a host that is neither a name nor an address")
    }
    let isVerified = X509_verify_cert(context.pointer) == 1
    // The context does not retain these.
    withExtendedLifetime((self, intermediates, authorities, lists)) {}
    guard isVerified else {
      let code = X509_STORE_CTX_get_error(context.pointer)
      Calls.begin()
      let words = X509_verify_cert_error_string(Int(code)).map { String(cString: $0) }
      throw CryptographyError(operation, because: words ?? "error \(code)", reason: Int(code))
    }
  }
}
