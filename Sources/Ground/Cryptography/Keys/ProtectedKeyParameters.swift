internal import COpenSSL

extension ProtectedKey {
  /// Reads the parameters of PBES2 (RFC 8018, appendix A.4).
  static func parameters(
    _ algorithm: UnsafePointer<X509_ALGOR>?, _ operation: String
  ) throws(CryptographyError) -> (Derivation, Cipher) {
    guard let algorithm, OBJ_obj2nid(algorithm.pointee.algorithm) == NID_pbes2 else {
      throw unknown("scheme", operation)
    }
    let parameters = try sequence(algorithm.pointee.parameter, operation) {
      UnsafeMutablePointer<PBE2PARAM>(d2i_PBE2PARAM(nil, $0, $1))
    }
    defer { PBE2PARAM_free(parameters) }
    return (
      try derivation(parameters.pointee.keyfunc, operation),
      try cipher(parameters.pointee.encryption, operation)
    )
  }

  private static func derivation(
    _ algorithm: UnsafePointer<X509_ALGOR>, _ operation: String
  ) throws(CryptographyError) -> Derivation {
    switch OBJ_obj2nid(algorithm.pointee.algorithm) {
    case NID_id_pbkdf2:
      let parameters = try sequence(algorithm.pointee.parameter, operation) { d2i_PBKDF2PARAM(nil, $0, $1) }
      defer { PBKDF2PARAM_free(parameters) }
      guard let salt = shim_octets(parameters.pointee.salt),
        let rounds = number(parameters.pointee.iter, of: 1...Derivation.mostRounds)
      else { throw unknown("salt or number of rounds", operation) }
      // The default is HMAC with SHA-1 (RFC 8018, appendix A.2).
      var hash = Derivation.Hash.sha1
      if let name = parameters.pointee.prf {
        guard let named = Derivation.Hash(hmac: OBJ_obj2nid(name.pointee.algorithm)) else {
          throw unknown("hash", operation)
        }
        hash = named
      }
      return .pbkdf2(salt: bytes(of: salt), rounds: rounds, hash: hash)
    case NID_id_scrypt:
      let parameters = try sequence(algorithm.pointee.parameter, operation) { d2i_SCRYPT_PARAMS(nil, $0, $1) }
      defer { SCRYPT_PARAMS_free(parameters) }
      guard let cost = number(parameters.pointee.costParameter, of: 2...1 << 20),
        let blockSize = number(parameters.pointee.blockSize, of: 1...32),
        let parallelism = number(parameters.pointee.parallelizationParameter, of: 1...16),
        128 * cost * blockSize <= Derivation.mostMemory
      else { throw unknown("scrypt cost", operation) }
      return .scrypt(
        salt: bytes(of: parameters.pointee.salt), cost: cost, blockSize: blockSize, parallelism: parallelism)
    default: throw unknown("key derivation", operation)
    }
  }

  private static func cipher(
    _ algorithm: UnsafePointer<X509_ALGOR>, _ operation: String
  ) throws(CryptographyError) -> Cipher {
    let vector = bytes(of: shim_octets(algorithm.pointee.parameter))
    let keyCount: Int? =
      switch OBJ_obj2nid(algorithm.pointee.algorithm) {
      case NID_aes_128_cbc: 16
      case NID_aes_192_cbc: 24
      case NID_aes_256_cbc: 32
      default: nil
      }
    guard let keyCount, vector.count == 16 else { throw unknown("cipher", operation) }
    return Cipher(keyCount: keyCount, initializationVector: vector)
  }

  /// Decodes parameters that are a sequence. The caller frees them.
  private static func sequence<Parameters>(
    _ value: UnsafePointer<ASN1_TYPE>?, _ operation: String,
    by d2i: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> UnsafeMutablePointer<Parameters>?
  ) throws(CryptographyError) -> UnsafeMutablePointer<Parameters> {
    guard let encoding = shim_sequence(value) else { throw unknown("parameter", operation) }
    // ``decode(_:_:freedBy:by:)`` has checked that all of it is DER, so this is one value.
    var cursor = ASN1_STRING_get0_data(encoding)
    return try check(d2i(&cursor, Int(ASN1_STRING_length(encoding))), operation)
  }

  private static func number(_ value: UnsafePointer<ASN1_INTEGER>?, of range: ClosedRange<Int>) -> Int? {
    var number: Int64 = 0
    guard let value, ASN1_INTEGER_get_int64(&number, value) == 1 else { return nil }
    return Int(exactly: number).flatMap { range.contains($0) ? $0 : nil }
  }

  private static func unknown(_ what: String, _ operation: String) -> CryptographyError {
    CryptographyError(operation, because: "unsupported \(what)")
  }
}
