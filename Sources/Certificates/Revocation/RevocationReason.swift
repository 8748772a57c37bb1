/// Why a certificate was revoked (RFC 5280, section 5.3.1), as far as it applies to a client of etcd.
package enum RevocationReason: String, Codable, CaseIterable, Sendable {
  case unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn

  /// The number in the list; nil for the one that is expressed by saying nothing.
  var code: UInt8? {
    switch self {
    case .unspecified: nil
    case .keyCompromise: 1
    case .affiliationChanged: 3
    case .superseded: 4
    case .cessationOfOperation: 5
    case .privilegeWithdrawn: 9
    }
  }
}
