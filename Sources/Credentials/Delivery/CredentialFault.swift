import Cryptography
import FoundationEssentials
import Names

/// Why a user's files are not a usable credential.
package enum CredentialFault: String, Codable, Sendable, CaseIterable, CustomStringConvertible {
  case certificateMissing = "its certificate is missing"
  case keyMissing = "its key is missing"
  case certificateUnreadable = "its certificate is damaged"
  case keyUnreadable = "its key is damaged"
  case keyExposed = "its key can be read by others"
  case keyMismatch = "its key does not belong to its certificate"
  case otherAuthority = "it was signed by another authority"
  case otherName = "its certificate does not have the user as its one Common Name"
  case hasCommonName = "it has a Common Name, with which etcd's JSON gateway refuses its client"
  case otherUnit = "its organizational unit is that of another identity"
  case notForClients = "its certificate is not for clients"
  case revoked = "it was revoked"
  case expired = "it has expired"
  case notYetValid = "it is not valid yet"

  /// A clause that can follow "because".
  package var description: String { rawValue }
}

extension CredentialFault {
  /// The first reason why a certificate and a key are not a valid credential of a user; nil if they are.
  /// - Parameter authority: the authority that must have signed it; nil if that is not known.
  package static func first(
    of certificate: Certificate, key: PrivateKey, user: String, authority: Certificate?, now: Date
  ) -> CredentialFault? {
    key.belongs(to: certificate)
      ? first(of: certificate, user: user, authority: authority, now: now) : .keyMismatch
  }

  /// The first reason why a certificate is not a valid one of a user; nil if it is.
  package static func first(
    of certificate: Certificate, user: String, authority: Certificate?, now: Date
  ) -> CredentialFault? {
    let facts = CertificateFacts(certificate)
    if authority?.hasSigned(certificate) == false { return .otherAuthority }
    switch CertificateName(user) {
    case .user(let user):
      // Swift compares strings by canonical equivalence, etcd by bytes.
      guard facts.hasOneCommonName, let name = facts.user, name.utf8.elementsEqual(user.utf8) else {
        return .otherName
      }
    case .transport(let name):
      guard facts.commonNames.isEmpty else { return .hasCommonName }
      // Another source may leave the unit out: the certificate authenticates no user.
      let unit = facts.transportName
      guard unit == nil || unit == name else { return .otherUnit }
    }
    if !facts.isForClients { return .notForClients }
    if now >= facts.notAfter { return .expired }
    return now < facts.notBefore ? .notYetValid : nil
  }
}
