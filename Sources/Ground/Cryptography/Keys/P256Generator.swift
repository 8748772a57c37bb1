internal import COpenSSL
import Synchronization

/// Generates P-256 keys, one for each certificate. A context keeps the parameters of the curve, which take as long to
/// set up as the key itself, and is used again; several threads use one each.
enum P256Generator {
  /// Contexts that no thread uses at the moment. They are not shared: a thread owns one until it returns it.
  private static let idle = Mutex<[Context]>([])

  /// - Throws: ``CryptographyError``.
  static func generate(_ operation: String) throws(CryptographyError) -> Owned {
    let context: Context
    if let known = idle.withLock({ $0.popLast() }) {
      context = known
    } else {
      context = try Context(operation)
    }
    var key: OpaquePointer?
    try check(EVP_PKEY_generate(context.pointer, &key), operation)
    idle.withLock { $0.append(context) }
    return try Owned(key, EVP_PKEY_free, operation)
  }

  /// An `EVP_PKEY_CTX` that is ready to generate.
  private final class Context: @unchecked Sendable {
    let pointer: OpaquePointer

    init(_ operation: String) throws(CryptographyError) {
      let context = try Owned(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil), EVP_PKEY_CTX_free, operation)
      try check(EVP_PKEY_keygen_init(context.pointer), operation)
      try check(
        EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.pointer, NID_X9_62_prime256v1), operation)
      pointer = context.take()
    }

    deinit { EVP_PKEY_CTX_free(pointer) }
  }
}
