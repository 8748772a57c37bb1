internal import COpenSSL

extension Certificate {
  /// What a certificate is shown for.
  package enum Purpose: Hashable, Sendable {
    case client, server
  }

  /// Sees whether it leads to one of the authorities, and may be used for the purpose at the moment: signatures, times,
  /// basic constraints, key usages, name constraints, revocation, and the host's name where one is given.
  /// - Parameters:
  ///   - intermediates: what its holder shows with it.
  ///   - authorities: exactly those that are trusted, whether they signed themselves or not; the system's are not.
  ///   - lists: of the issuer's revoked certificates; without any nothing is asked about revocation.
  ///   - moment: seconds since 1970.
  ///   - host: `dns` or `ip`.
  /// - Throws: ``CryptographyError`` in OpenSSL's words, as in "certificate has expired"; its entry's reason is the number
  ///   of `openssl/x509_vfy.h` (`X509_V_ERR_…`).
  package func verify(
    with intermediates: [Certificate] = [], authorities: [Certificate], lists: [RevocationList] = [],
    for purpose: Purpose, at moment: Int, host: GeneralName? = nil
  ) throws(CryptographyError) {
    Calls.begin()
    let operation = "verify a certificate"
    let store = try Owned(X509_STORE_new(), X509_STORE_free, operation)
    // The store counts itself among the owners of what is added.
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
    default: throw CryptographyError(operation, because: "a host is a name or an address")
    }
    let isVerified = X509_verify_cert(context.pointer) == 1
    // The context refers to these without owning them.
    withExtendedLifetime((self, intermediates, authorities, lists)) {}
    guard isVerified else {
      let code = X509_STORE_CTX_get_error(context.pointer)
      Calls.begin()
      let words = X509_verify_cert_error_string(Int(code)).map { String(cString: $0) }
      throw CryptographyError(operation, because: words ?? "error \(code)", reason: Int(code))
    }
  }
}
