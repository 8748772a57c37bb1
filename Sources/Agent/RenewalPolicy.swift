/// When a certificate is renewed.
public struct RenewalPolicy: Hashable, Sendable {
  /// The share of the lifetime after which a certificate is due; two thirds, so that a source may be away for long.
  public var share: Double
  /// How much of the lifetime before that renewals are spread over, so that a fleet does not ask all at once.
  public var jitter: Double

  public init(share: Double = 2.0 / 3, jitter: Double = 0.1) {
    self.share = share
    self.jitter = jitter
  }
}
