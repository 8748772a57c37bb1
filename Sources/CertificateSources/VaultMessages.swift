// Bodies of Vault's HTTP API. Vault's field names are in snake case; ``SourceConnection`` converts them.

struct VaultSignRequest: Encodable, Sendable {
  let csr: String
  /// Nil for a certificate without a Common Name, which a role allows with `require_cn=false`.
  let commonName: String?
  /// Without it Vault requires the Common Name to be a host name and adds it to the alternative names.
  let excludeCnFromSans: Bool
  let format: String
  let ttl: String?
}

struct VaultSignResponse: Decodable, Sendable {
  let data: Signed
  struct Signed: Decodable, Sendable {
    let certificate: String
    let issuingCa: String?
    let caChain: [String]?
  }
}

struct VaultKeyValueResponse: Decodable, Sendable {
  let data: Version
  struct Version: Decodable, Sendable { let data: Fields }
  struct Fields: Decodable, Sendable {
    let certificate: String?
    let key: String?
    let ca: String?
  }
}

struct VaultLogin: Decodable, Sendable {
  let auth: Auth
  struct Auth: Decodable, Sendable {
    let clientToken: String
    let leaseDuration: Int?
  }
}

struct VaultWrappedSecretID: Decodable, Sendable {
  let data: Wrapped
  struct Wrapped: Decodable, Sendable { let secretId: String? }
}

struct VaultRefusal: Decodable, Sendable { let errors: [String] }
