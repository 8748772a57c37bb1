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
  case notForClients = "its certificate is not for clients"
  case revoked = "it was revoked"
  case expired = "it has expired"
  case notYetValid = "it is not valid yet"

  /// A clause that can follow "because".
  package var description: String { rawValue }
}
