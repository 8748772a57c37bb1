import FoundationEssentials

/// The properties of the current certificate that decide about its renewal.
package struct HeldCertificate: Hashable, Sendable {
  package let notBefore: Date
  package let notAfter: Date
  /// When it was written. Authorities set the beginning of a certificate in the past; counted from there, one
  /// with a lifetime of minutes would be due at once.
  package let obtained: Date
  /// Jitter from 0 to 1, derived from the certificate, so that a restart does not change it.
  package let spread: Double

  package init(notBefore: Date, notAfter: Date, obtained: Date, spread: Double) {
    self.notBefore = notBefore
    self.notAfter = notAfter
    self.obtained = obtained
    self.spread = spread
  }

  package func isValid(at moment: Date) -> Bool { notBefore <= moment && moment < notAfter }
}

/// Decides when to request a certificate. It does no IO: the time, the certificate and the jitter are
/// parameters.
///
/// Only the certificate itself survives a restart, so a restart requests nothing while the certificate is
/// valid and not due.
package struct RenewalMachine: Hashable, Sendable {
  package enum Reason: String, Hashable, Sendable {
    case missing, due, expired
    case notYetValid = "not yet valid"
    /// An operator wants another certificate.
    case requested
  }

  package enum Step: Hashable, Sendable {
    case order(Reason)
    /// Nothing is to be done before this time.
    case wait(until: Date)
  }

  package let policy: RenewalPolicy
  /// Jitter from 0 to 1: spreads the retries of agents that failed at the same time.
  private let spread: Double
  private var failures = 0
  private var pause: Pause?
  private var isRequested = false

  /// No request is sent until its end.
  private struct Pause: Hashable {
    let begin: Date
    let end: Date
  }

  /// The pause before the first retry in seconds; each later pause is twice as long.
  static let shortestPause = 1.0
  /// Five minutes: thousands of agents that wait for their source then send a few dozen requests a second.
  static let longestPause = 300.0

  package init(policy: RenewalPolicy, spread: Double) {
    self.policy = policy
    self.spread = spread
  }

  /// The next step.
  /// - Parameter held: The current certificate; nil if there is no usable one.
  package func next(holding held: HeldCertificate?, now: Date) -> Step {
    guard let reason = reason(held, now) else { return .wait(until: held.map(dueDate) ?? now) }
    // A pause ends at its time, and also if the clock was set back to before its start.
    if let pause, now >= pause.begin, now < pause.end { return .wait(until: pause.end) }
    return .order(reason)
  }

  /// When a certificate is due: at the policy's share of the time since it was written, minus the jitter.
  package func dueDate(_ held: HeldCertificate) -> Date {
    // If the certificate was not valid when it was written, the clock was wrong, and that time is not used.
    let start = held.isValid(at: held.obtained) ? held.obtained : held.notBefore
    return start + held.notAfter.timeIntervalSince(start) * (policy.share - policy.jitter * held.spread)
  }

  /// A new certificate was written.
  package mutating func succeeded() { self = RenewalMachine(policy: policy, spread: spread) }

  /// A request failed. A failure that is not transient is retried after the longest pause.
  /// - Parameter held: The current certificate: the nearer its end, the shorter the pauses.
  package mutating func failed(holding held: HeldCertificate?, isTransient: Bool, now: Date) {
    var seconds = isTransient ? Self.shortestPause * Double(1 << min(failures, 20)) : Self.longestPause
    if let held, held.isValid(at: now) {
      seconds = min(seconds, max(held.notAfter.timeIntervalSince(now) / 8, Self.shortestPause))
    }
    seconds = min(seconds, Self.longestPause) * (1 - spread / 4)
    failures += 1
    pause = Pause(begin: now, end: now + seconds)
  }

  /// Makes the certificate due at once, until a new one was written.
  package mutating func request() {
    isRequested = true
    pause = nil
  }

  /// Takes back ``request()``: the certificate is due again at its own time. The pause stays.
  package mutating func forgetRequest() { isRequested = false }

  /// Ends the pause, for SIGHUP: the source may be reachable again.
  package mutating func forgetPause() { pause = nil }

  private func reason(_ held: HeldCertificate?, _ now: Date) -> Reason? {
    guard let held else { return .missing }
    if now >= held.notAfter { return .expired }
    if now < held.notBefore { return .notYetValid }
    if isRequested { return .requested }
    return now >= dueDate(held) ? .due : nil
  }
}
