import CertificateSources
import Credentials
import FoundationEssentials

/// Notices that another authority issues certificates than the one that signed the current one, so that a roll-over does
/// not wait for the lifetime of each certificate.
struct AuthorityWatch: Sendable {
  /// The time between two questions in seconds.
  static let interval: TimeInterval = 600
  /// Certificates are renewed within this time after the question that noticed it, so that a fleet does not renew at
  /// once.
  static let span: TimeInterval = 600

  /// Jitter from 0 to 1.
  private let spread: Double
  /// The time of the last question; nil before the first.
  private var asked: Date?
  /// When the noticed change leads to a renewal; nil if none was noticed.
  private var due: Due?
  /// The certificate that was received because of a change: if it is of the old authority too, it stays.
  private var renewed: String?

  private struct Due {
    /// The certificate that is to be renewed.
    let fingerprint: String
    let date: Date
  }

  init(spread: Double) { self.spread = spread }

  /// Whether a valid certificate is to be renewed because its authority was replaced. A question that is not answered
  /// is asked again later.
  mutating func isRenewalDue(
    of current: Credential, from source: any CertificateSource, now: Date
  ) async -> Bool {
    let facts = current.facts
    guard facts.notBefore <= now, now < facts.notAfter else { return false }
    // If the certificate was replaced meanwhile, what was noticed is about another one.
    if due?.fingerprint != facts.fingerprint { due = nil }
    if let due {
      guard now >= due.date else { return false }
      asked = now
      // The authority may be the former one again: a renewal for this reason would be refused.
      guard let isReplaced = try? await source.hasReplacedAuthority(of: current) else {
        self.due = Due(fingerprint: due.fingerprint, date: now + Self.interval)
        return false
      }
      self.due = nil
      return isReplaced
    }
    // The first question waits, so that an agent that is restarted often does not ask each time.
    guard let last = asked, last <= now else {
      asked = now - Self.interval * spread
      return false
    }
    guard now >= last + Self.interval, facts.fingerprint != renewed else { return false }
    asked = now
    guard (try? await source.hasReplacedAuthority(of: current)) == true else { return false }
    let date = now + Self.span * spread
    guard now < date else { return true }
    due = Due(fingerprint: facts.fingerprint, date: date)
    return false
  }

  /// Remembers what a renewal for this reason brought.
  mutating func received(_ fingerprint: String) { renewed = fingerprint }
}
