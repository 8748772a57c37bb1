/// When a certificate is renewed.
package struct RenewalPolicy: Hashable, Sendable {
  /// The share of the lifetime (0 to 1) after which a certificate is due. Two thirds, so that the source may
  /// be unreachable for a long time.
  package var share: Double
  /// The share of the lifetime before that over which renewals are spread, so that a fleet does not renew at
  /// once.
  package var jitter: Double

  package init(share: Double = 2.0 / 3, jitter: Double = 0.1) {
    self.share = share
    self.jitter = jitter
  }
}
