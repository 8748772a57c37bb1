import FoundationEssentials

/// Which valid certificates are replaced by new ones.
package enum Renewal: Hashable, Sendable {
  case never
  /// Certificates for which this share (0 to 1) of the lifetime has passed.
  case due(after: Double)
  case always

  /// The default share of the lifetime after which a certificate is renewed. The last third is for failures.
  package static let usualShare = 2.0 / 3

  /// An authority that does not end later than the certificate cannot extend it.
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
