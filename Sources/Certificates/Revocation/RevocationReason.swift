/// The reasons for a revocation (RFC 5280, section 5.3.1) that apply to a client of etcd.
package enum RevocationReason: String, Codable, CaseIterable, Sendable {
  case unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn

  /// The reason code; nil for `unspecified`, which is expressed by leaving it out.
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

  /// The reason of a code in a list; `unspecified` for a code that Bulkhead does not write.
  init(code: Int?) {
    self = Self.allCases.first { $0.code.map(Int.init) == code } ?? .unspecified
  }
}
