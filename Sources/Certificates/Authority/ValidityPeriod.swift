import FoundationEssentials

/// The validity period of a new certificate, in whole seconds as X.509 encodes it.
struct ValidityPeriod {
  let notBefore: Date
  let notAfter: Date

  /// How far before now a certificate begins, for machines whose clock is late: 5 minutes.
  static let clockSkew = Duration.seconds(300)
  /// The longest lifetime: 100 years of 365 days.
  static let longest = Duration.seconds(100 * 365 * 86_400)

  /// - Parameter limits: the authority's period; the result is cut to it.
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
