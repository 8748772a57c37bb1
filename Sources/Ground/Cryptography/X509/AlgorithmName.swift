internal import COpenSSL

/// An AlgorithmIdentifier (RFC 5280, section 4.1.1.2): the algorithm, and the type and curve of its parameters.
struct AlgorithmName {
  private let algorithm: Int32
  private let parameterType: Int32
  /// The NID of a curve; 0 for other parameters.
  private let parameter: Int32

  /// - Parameter name: owned by a certificate, request or key.
  init(_ name: UnsafePointer<X509_ALGOR>?) {
    var object: OpaquePointer?
    var type = V_ASN1_UNDEF
    var value: UnsafeRawPointer?
    if let name { X509_ALGOR_get0(&object, &type, &value, name) }
    algorithm = OBJ_obj2nid(object)
    parameterType = type
    parameter = type == V_ASN1_OBJECT ? OBJ_obj2nid(value.map { OpaquePointer($0) }) : NID_undef
  }

  /// RSA requires NULL parameters (RFC 3279, section 2.3.1), ECDSA a named curve (RFC 5480, section 2.1.1), Ed25519 none
  /// (RFC 8410, section 3).
  var isOfKnownKey: Bool {
    switch algorithm {
    case NID_rsaEncryption: parameterType == V_ASN1_NULL
    case NID_X9_62_id_ecPublicKey:
      [NID_X9_62_prime256v1, NID_secp384r1, NID_secp521r1].contains(parameter)
    case NID_ED25519: parameterType == V_ASN1_UNDEF
    default: false
    }
  }

  var isOfKnownSignature: Bool {
    switch algorithm {
    case NID_ecdsa_with_SHA256, NID_ecdsa_with_SHA384, NID_ecdsa_with_SHA512, NID_ED25519:
      parameterType == V_ASN1_UNDEF
    case NID_sha1WithRSAEncryption, NID_sha256WithRSAEncryption, NID_sha384WithRSAEncryption,
      NID_sha512WithRSAEncryption:
      parameterType == V_ASN1_NULL || parameterType == V_ASN1_UNDEF
    default: false
    }
  }
}
