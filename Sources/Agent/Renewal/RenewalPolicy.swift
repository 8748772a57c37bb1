/// When a certificate is renewed.
package struct RenewalPolicy: Hashable, Sendable {
  /// The share of the lifetime, of 0 to 1, after which a certificate is due; two thirds, so that a source may be away
  /// for long.
  package var share: Double
  /// The share of the lifetime before that over which renewals are spread, so that a fleet does not ask all at once.
  package var jitter: Double

  package init(share: Double = 2.0 / 3, jitter: Double = 0.1) {
    self.share = share
    self.jitter = jitter
  }
}
