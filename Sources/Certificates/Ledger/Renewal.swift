import FoundationEssentials

/// Which good certificates are issued anew.
package enum Renewal: Hashable, Sendable {
  case never
  /// Those of whose lifetime this share, of 0 to 1, has passed.
  case due(after: Double)
  case always

  /// The share of its lifetime after which a certificate is renewed unless told otherwise, so that a third is left
  /// for whatever goes wrong.
  package static let usualShare = 2.0 / 3

  /// An authority that ends no later than the certificate could not make it last longer.
  func applies(to facts: CertificateFacts, by authority: Authority, now: Date) -> Bool {
    switch self {
    case .never: false
    case .due(let share):
      facts.isDue(at: now, after: share) && authority.facts.notAfter > facts.notAfter
    case .always: true
    }
  }
}

extension CertificateFacts {
  /// Whether a share of the lifetime has passed.
  package func isDue(at moment: Date, after share: Double) -> Bool {
    moment >= dueDate(notBefore: notBefore, notAfter: notAfter, after: share)
  }
}

/// When a certificate is due for renewal.
func dueDate(notBefore: Date, notAfter: Date, after share: Double) -> Date {
  notBefore + notAfter.timeIntervalSince(notBefore) * share
}
