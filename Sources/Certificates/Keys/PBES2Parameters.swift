import SwiftASN1

/// How a passphrase becomes a key, and which cipher uses it (RFC 8018, appendix A). Values that would take minutes
/// or gigabytes are refused: the file may come from anywhere.
struct PBES2Parameters {
  enum Derivation {
    case pbkdf2(salt: [UInt8], rounds: Int, hash: Hash)
    case scrypt(salt: [UInt8], cost: Int, blockSize: Int, parallelism: Int)
  }

  enum Hash: CaseIterable {
    case sha1, sha256, sha384, sha512
  }

  /// AES in CBC mode.
  struct Cipher {
    let keyBytes: Int
    let initializationVector: [UInt8]
  }

  let derivation: Derivation
  let cipher: Cipher

  private static let mostRounds = 3_000_000
}

extension PBES2Parameters: DERImplicitlyTaggable {
  static var defaultIdentifier: ASN1Identifier { .sequence }

  init(derEncoded node: ASN1Node, withIdentifier identifier: ASN1Identifier) throws {
    self = try DER.sequence(node, identifier: identifier) { nodes in
      guard try ASN1ObjectIdentifier(derEncoded: &nodes) == .pbes2, let parameters = nodes.next() else {
        throw unknown("scheme")
      }
      return try DER.sequence(parameters, identifier: .sequence) { nodes in
        PBES2Parameters(derivation: try Derivation(&nodes), cipher: try Cipher(&nodes))
      }
    }
    switch derivation {
    case .pbkdf2(_, let rounds, _):
      guard (1...Self.mostRounds).contains(rounds) else { throw unknown("number of rounds") }
    case .scrypt(_, let cost, let blockSize, let parallelism):
      guard (2...1 << 20).contains(cost), (1...32).contains(blockSize), (1...16).contains(parallelism) else {
        throw unknown("scrypt cost")
      }
    }
  }

  func serialize(into coder: inout DER.Serializer, withIdentifier identifier: ASN1Identifier) throws {
    try coder.appendConstructedNode(identifier: identifier) { coder in
      try coder.serialize(ASN1ObjectIdentifier.pbes2)
      try coder.appendConstructedNode(identifier: .sequence) { coder in
        try derivation.serialize(into: &coder)
        try coder.appendConstructedNode(identifier: .sequence) { coder in
          try coder.serialize(ASN1ObjectIdentifier.aesCBC(keyBytes: cipher.keyBytes))
          try coder.serialize(ASN1OctetString(contentBytes: cipher.initializationVector[...]))
        }
      }
    }
  }
}

extension PBES2Parameters.Derivation {
  fileprivate init(_ nodes: inout ASN1NodeCollection.Iterator) throws {
    guard let node = nodes.next() else { throw unknown("key derivation") }
    self = try DER.sequence(node, identifier: .sequence) { nodes in
      let algorithm = try ASN1ObjectIdentifier(derEncoded: &nodes)
      guard let parameters = nodes.next() else { throw unknown("key derivation") }
      return try DER.sequence(parameters, identifier: .sequence) { nodes in
        let salt = Array(try ASN1OctetString(derEncoded: &nodes).bytes)
        let work = try Int(derEncoded: &nodes)
        switch algorithm {
        case .pbkdf2:
          let keyLength: Int? = try DER.optionalImplicitlyTagged(&nodes)
          _ = keyLength  // The cipher tells it too.
          return .pbkdf2(salt: salt, rounds: work, hash: try PBES2Parameters.Hash(nodes.next()))
        case .scrypt:
          let blockSize = try Int(derEncoded: &nodes)
          let parallelism = try Int(derEncoded: &nodes)
          let keyLength: Int? = try DER.optionalImplicitlyTagged(&nodes)
          _ = keyLength
          return .scrypt(salt: salt, cost: work, blockSize: blockSize, parallelism: parallelism)
        default: throw unknown("key derivation")
        }
      }
    }
  }

  fileprivate func serialize(into coder: inout DER.Serializer) throws {
    guard case .pbkdf2(let salt, let rounds, let hash) = self else { throw unknown("key derivation") }
    try coder.appendConstructedNode(identifier: .sequence) { coder in
      try coder.serialize(ASN1ObjectIdentifier.pbkdf2)
      try coder.appendConstructedNode(identifier: .sequence) { coder in
        try coder.serialize(ASN1OctetString(contentBytes: salt[...]))
        try coder.serialize(rounds)
        try coder.appendConstructedNode(identifier: .sequence) { coder in
          try coder.serialize(hash.hmac)
          try coder.serialize(ASN1Null())
        }
      }
    }
  }
}

extension PBES2Parameters.Hash {
  /// HMAC with SHA-1 where nothing is said (RFC 8018, appendix A.2).
  fileprivate init(_ node: ASN1Node?) throws {
    guard let node else {
      self = .sha1
      return
    }
    let name = try DER.sequence(node, identifier: .sequence) { nodes in
      let name = try ASN1ObjectIdentifier(derEncoded: &nodes)
      _ = nodes.next()
      return name
    }
    guard let hash = Self.allCases.first(where: { $0.hmac == name }) else { throw unknown("hash") }
    self = hash
  }

  fileprivate var hmac: ASN1ObjectIdentifier {
    switch self {
    case .sha1: [1, 2, 840, 113_549, 2, 7]
    case .sha256: [1, 2, 840, 113_549, 2, 9]
    case .sha384: [1, 2, 840, 113_549, 2, 10]
    case .sha512: [1, 2, 840, 113_549, 2, 11]
    }
  }
}

extension PBES2Parameters.Cipher {
  fileprivate init(_ nodes: inout ASN1NodeCollection.Iterator) throws {
    guard let node = nodes.next() else { throw unknown("cipher") }
    self = try DER.sequence(node, identifier: .sequence) { nodes in
      let name = try ASN1ObjectIdentifier(derEncoded: &nodes)
      guard let keyBytes = [16, 24, 32].first(where: { name == .aesCBC(keyBytes: $0) }) else {
        throw unknown("cipher")
      }
      let vector = Array(try ASN1OctetString(derEncoded: &nodes).bytes)
      guard vector.count == 16 else { throw unknown("initialization vector") }
      return Self(keyBytes: keyBytes, initializationVector: vector)
    }
  }
}

private func unknown(_ what: String) -> ASN1Error { .invalidASN1Object(reason: "unknown \(what)") }

extension ASN1ObjectIdentifier {
  fileprivate static let pbes2: Self = [1, 2, 840, 113_549, 1, 5, 13]
  fileprivate static let pbkdf2: Self = [1, 2, 840, 113_549, 1, 5, 12]
  fileprivate static let scrypt: Self = [1, 3, 6, 1, 4, 1, 11591, 4, 11]

  fileprivate static func aesCBC(keyBytes: Int) -> Self {
    switch keyBytes {
    case 16: [2, 16, 840, 1, 101, 3, 4, 1, 2]
    case 24: [2, 16, 840, 1, 101, 3, 4, 1, 22]
    default: [2, 16, 840, 1, 101, 3, 4, 1, 42]
    }
  }
}
