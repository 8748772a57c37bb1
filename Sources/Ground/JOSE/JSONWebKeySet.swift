import Cryptography

/// A public key that signs in one way (RFC 7517).
package struct JSONWebKey: Hashable, Sendable {
  /// Its `kid`; nil where it has none.
  package let id: String?
  /// What it signs with: its `alg`, or what its kind signs with where it has none.
  package let algorithm: SignatureAlgorithm
  package let publicKey: PublicKey

  /// - Throws: ``JOSEError`` where such a key does not sign so.
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
  /// In the order of the set, without those that are passed over.
  package let keys: [JSONWebKey]

  /// More than a set ever has: 1 MiB.
  private static let longest = 1 << 20

  package init(_ keys: [JSONWebKey]) { self.keys = keys }

  /// Reads a set. Keys of other kinds, secret ones, those that are for encryption and those whose numbers make no key
  /// are passed over (RFC 7517, section 5).
  /// - Throws: ``JOSEError`` where the bytes are no set.
  package init(json: [UInt8]) throws(JOSEError) {
    guard json.count <= Self.longest else { throw .malformed("a key set of more than 1 MiB") }
    guard case .array(let members) = try StrictJSON(json)["keys"] else {
      throw .malformed("a key set without keys")
    }
    keys = members.compactMap { try? JSONWebKey($0) }
  }

  /// Those of an id; as a rule one.
  package func keys(id: String) -> [JSONWebKey] { keys.filter { $0.id == id } }
}

extension JSONWebKey {
  fileprivate init(_ json: StrictJSON) throws {
    let algorithm = try json["alg"].map { name throws(JOSEError) in
      guard let algorithm = name.text.flatMap(SignatureAlgorithm.init) else {
        throw .unsupported("a way of signing")
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
