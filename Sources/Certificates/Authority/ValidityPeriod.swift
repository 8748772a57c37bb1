import FoundationEssentials

/// From when to when a certificate to be is valid, in whole seconds as X.509 writes them.
struct ValidityPeriod {
  let notBefore: Date
  let notAfter: Date

  /// How far before now a certificate begins, for machines whose clock is behind: 5 minutes.
  static let clockSkew = Duration.seconds(300)
  /// The longest that may be asked for: 100 years of 365 days.
  static let longest = Duration.seconds(100 * 365 * 86_400)

  /// - Parameter limits: the authority's own period, which is never left.
  init(now: Date, lifetime: Duration, within limits: ValidityPeriod? = nil) throws {
    guard lifetime >= .seconds(1), lifetime <= Self.longest else {
      throw CertificatesError(
        "a lifetime of \(lifetime.components.seconds) seconds is not possible",
        hint: "choose 1 second to 100 years")
    }
    let start = Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded(.down))
    let notBefore = start - Double(Self.clockSkew.components.seconds)
    let notAfter = start + Double(lifetime.components.seconds)
    self.notBefore = max(notBefore, limits?.notBefore ?? notBefore)
    self.notAfter = min(notAfter, limits?.notAfter ?? notAfter)
  }

  init(notBefore: Date, notAfter: Date) {
    self.notBefore = notBefore
    self.notAfter = notAfter
  }
}
