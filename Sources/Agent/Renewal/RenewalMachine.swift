import Foundation

/// What is known of the certificate that is in place.
package struct HeldCertificate: Hashable, Sendable {
  package let notBefore: Date
  package let notAfter: Date
  /// When it was put in place. Authorities set a certificate's beginning back; of one that lives minutes, its end
  /// would be near when it is new.
  package let obtained: Date
  /// From 0 to 1, by chance but always the same for the same certificate: so a restart changes nothing.
  package let luck: Double

  package init(notBefore: Date, notAfter: Date, obtained: Date, luck: Double) {
    self.notBefore = notBefore
    self.notAfter = notAfter
    self.obtained = obtained
    self.luck = luck
  }

  package func isValid(at moment: Date) -> Bool { notBefore <= moment && moment < notAfter }
}

/// Decides when a certificate is asked for. It computes only: the time, the certificate and the luck are given to it.
///
/// Nothing in it outlives a restart but what the certificate itself says, so a restart asks for nothing while that is
/// good.
package struct RenewalMachine: Hashable, Sendable {
  package enum Reason: String, Hashable, Sendable {
    case missing, due, expired
    case notYetValid = "not yet valid"
  }

  package enum Step: Hashable, Sendable {
    case order(Reason)
    /// Nothing is to be done before.
    case wait(until: Date)
  }

  package let policy: RenewalPolicy
  /// From 0 to 1: spreads those that all failed at the same moment.
  private let luck: Double
  private var failures = 0
  private var pause: Pause?

  /// No asking until its end.
  private struct Pause: Hashable {
    let begin: Date
    let end: Date
  }

  /// The first try after a failure comes after this many seconds, each later one after twice as long.
  static let shortestPause = 1.0
  /// Five minutes: a fleet of thousands that waits for its source asks it a few dozen times a second then.
  static let longestPause = 300.0

  package init(policy: RenewalPolicy, luck: Double) {
    self.policy = policy
    self.luck = luck
  }

  /// What is to be done now.
  /// - Parameter held: The certificate in place; nil where there is none that could be used.
  package func next(holding held: HeldCertificate?, now: Date) -> Step {
    guard let reason = reason(held, now) else { return .wait(until: held.map(dueDate) ?? now) }
    // A pause is over when its time has come, and also where the clock was set back to before it began.
    if let pause, now >= pause.begin, now < pause.end { return .wait(until: pause.end) }
    return .order(reason)
  }

  /// When a certificate is renewed: at the policy's share of its time in place, or earlier by luck.
  package func dueDate(_ held: HeldCertificate) -> Date {
    // One that was put in place outside its time says nothing about when that was: the clock was wrong.
    let start = held.isValid(at: held.obtained) ? held.obtained : held.notBefore
    return start + held.notAfter.timeIntervalSince(start) * (policy.share - policy.jitter * held.luck)
  }

  /// A new certificate is in place.
  package mutating func succeeded() { self = RenewalMachine(policy: policy, luck: luck) }

  /// None was had. What will not help soon is tried at the longest pause.
  /// - Parameter held: What is still in place: the nearer its end, the shorter the pauses.
  package mutating func failed(holding held: HeldCertificate?, isTransient: Bool, now: Date) {
    var seconds = isTransient ? Self.shortestPause * exp2(Double(min(failures, 20))) : Self.longestPause
    if let held, held.isValid(at: now) {
      seconds = min(seconds, max(held.notAfter.timeIntervalSince(now) / 8, Self.shortestPause))
    }
    seconds = min(seconds, Self.longestPause) * (1 - luck / 4)
    failures += 1
    pause = Pause(begin: now, end: now + seconds)
  }

  /// Asks again at once if there is a reason to: someone says that the source is back.
  package mutating func forgetPause() { pause = nil }

  private func reason(_ held: HeldCertificate?, _ now: Date) -> Reason? {
    guard let held else { return .missing }
    if now >= held.notAfter { return .expired }
    if now < held.notBefore { return .notYetValid }
    return now >= dueDate(held) ? .due : nil
  }
}
