import Cryptography

/// A public key with its one algorithm (RFC 7517).
package struct JSONWebKey: Hashable, Sendable {
  /// Its `kid`; nil if it has none.
  package let id: String?
  /// Its `alg`, or the default for its kind.
  package let algorithm: SignatureAlgorithm
  package let publicKey: PublicKey

  /// - Throws: ``JOSEError`` if the algorithm does not fit the key.
  package init(
    id: String?, algorithm: SignatureAlgorithm? = nil, publicKey: PublicKey
  ) throws(JOSEError) {
    let algorithm = algorithm ?? .usual(for: publicKey.kind)
    guard algorithm.fits(publicKey.kind) else {
      throw .unsupported("\(algorithm.rawValue) with a key of \(publicKey.kind)")
    }
    self.id = id
    self.algorithm = algorithm
    self.publicKey = publicKey
  }
}

/// The keys of a JSON Web Key Set (RFC 7517, section 5).
package struct JSONWebKeySet: Hashable, Sendable {
  /// The usable keys in the order of the set.
  package let keys: [JSONWebKey]

  /// 1 MiB; a set has a few KiB.
  private static let longest = 1 << 20

  package init(_ keys: [JSONWebKey]) { self.keys = keys }

  /// Reads a set. Keys of other kinds, secret keys, keys for encryption and invalid keys are skipped (RFC 7517,
  /// section 5).
  /// - Throws: ``JOSEError`` if the bytes are not a set.
  package init(json: [UInt8]) throws(JOSEError) {
    guard json.count <= Self.longest else { throw .malformed("a key set of more than 1 MiB") }
    guard case .array(let members) = try StrictJSON(json)["keys"] else {
      throw .malformed("a key set without keys")
    }
    keys = members.compactMap { try? JSONWebKey($0) }
  }

  /// The keys with this id; usually one.
  package func keys(id: String) -> [JSONWebKey] { keys.filter { $0.id == id } }
}

extension JSONWebKey {
  fileprivate init(_ json: StrictJSON) throws {
    let algorithm = try json["alg"].map { name throws(JOSEError) in
      guard let algorithm = name.text.flatMap(SignatureAlgorithm.init) else {
        throw .unsupported("the algorithm")
      }
      return algorithm
    }
    if let use = json["use"], use != .string("sig") { throw JOSEError.unsupported("a key for encryption") }
    if let uses = json["key_ops"] {
      guard case .array(let uses) = uses, uses.contains(.string("verify")) else {
        throw JOSEError.unsupported("a key that is not for signatures")
      }
    }
    try self.init(id: json["kid"]?.text, algorithm: algorithm, publicKey: Self.publicKey(json))
  }

  private static func publicKey(_ json: StrictJSON) throws -> PublicKey {
    func number(_ name: String) throws(JOSEError) -> [UInt8] {
      guard let bytes = json[name]?.text.flatMap({ Base64URL.decode($0.utf8) }) else {
        throw .malformed("a key without its numbers")
      }
      return bytes
    }
    switch (json["kty"]?.text, json["crv"]?.text) {
    case ("RSA", _): return try PublicKey(modulus: number("n"), exponent: number("e"))
    case ("EC", "P-256"): return try PublicKey(curve: .p256, x: number("x"), y: number("y"))
    case ("EC", "P-384"): return try PublicKey(curve: .p384, x: number("x"), y: number("y"))
    case ("EC", "P-521"): return try PublicKey(curve: .p521, x: number("x"), y: number("y"))
    case ("OKP", "Ed25519"): return try PublicKey(ed25519: number("x"))
    default: throw JOSEError.unsupported("a kind of key")
    }
  }
}
