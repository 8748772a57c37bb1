// What is issued, revoked and recorded here are the certificates and keys of that room: who imports this one means both.
@_exported import Credentials

/// In this room these names mean the checked values, not what `Cryptography` calls by the same names.
package typealias PrivateKey = Credentials.PrivateKey
package typealias CertificateRequest = Credentials.CertificateRequest
