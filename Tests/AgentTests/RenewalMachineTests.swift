import Foundation
import TestSupport
import Testing

@testable import Agent

@Suite struct RequestedRenewalTests {
  @Test func aRequestedRenewalIsTriedUntilItSucceeds() {
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    var machine = RenewalMachine(policy: RenewalPolicy(), spread: 0)
    let held = HeldCertificate(notBefore: now - 300, notAfter: now + 86_400, obtained: now, spread: 0)
    #expect(machine.next(holding: held, now: now) != .order(.requested))
    machine.failed(holding: held, isTransient: true, now: now)
    machine.request()
    #expect(machine.next(holding: held, now: now) == .order(.requested))
    machine.failed(holding: held, isTransient: true, now: now)
    guard case .wait(let end) = machine.next(holding: held, now: now) else {
      Issue.record("a failed request is sent again without a pause")
      return
    }
    #expect(machine.next(holding: held, now: end) == .order(.requested))
    machine.succeeded()
    #expect(machine.next(holding: held, now: end) != .order(.requested))
  }
}

/// Simulates a node, its clock and a source in one thread: years pass in milliseconds.
private struct World {
  var now = Date(timeIntervalSince1970: 1_800_000_000)
  var machine: RenewalMachine
  var held: HeldCertificate?
  /// Whether the source is unreachable at a time.
  var isAway: (Date) -> Bool = { _ in false }
  let lifetime: TimeInterval
  private(set) var issued = 0
  private(set) var asked: [Date] = []
  private(set) var invalid: TimeInterval = 0
  private var generator = SeededGenerator(seed: 7)

  init(lifetime: TimeInterval, policy: RenewalPolicy = RenewalPolicy(), spread: Double = 0.5) {
    self.lifetime = lifetime
    machine = RenewalMachine(policy: policy, spread: spread)
  }

  /// Acts like an agent: does the next step or waits, at most a minute at a time.
  mutating func pass(_ seconds: TimeInterval) {
    let end = now + seconds
    while now < end {
      switch machine.next(holding: held, now: now) {
      case .order:
        asked.append(now)
        if isAway(now) {
          machine.failed(holding: held, isTransient: true, now: now)
        } else {
          issued += 1
          held = HeldCertificate(
            notBefore: now - 300, notAfter: now + lifetime, obtained: now,
            spread: .random(in: 0..<1, using: &generator))
          machine.succeeded()
        }
        wait(until: now + 0.5)
      case .wait(let date): wait(until: min(date, end))
      }
    }
  }

  mutating func restart() {
    machine = RenewalMachine(policy: machine.policy, spread: .random(in: 0..<1, using: &generator))
  }

  private mutating func wait(until date: Date) {
    // At most an hour at a time: fast enough for a year, and short enough not to skip the end of a
    // certificate.
    let next = min(max(date, now + 0.1), now + 3_600)
    if held?.isValid(at: next) != true { invalid += next.timeIntervalSince(now) }
    now = next
  }
}

private let day: TimeInterval = 86_400
private let year = 365 * day

@Suite struct RenewalMachineTests {
  @Test(arguments: [120, 3_600, 86_400, 90 * 86_400])
  func tenYearsWithoutAGap(lifetime: TimeInterval) {
    var world = World(lifetime: lifetime)
    // The same number of renewals for each lifetime, but never more than ten years.
    let span = min(10 * year, lifetime * 2_000)
    world.pass(span)
    #expect(world.invalid == 0)
    // Each certificate is used for 57 to 67 percent of its lifetime; the tolerance covers the half seconds of
    // requests.
    #expect(Double(world.issued) <= span / (lifetime * 0.56) + 1)
    #expect(Double(world.issued) >= span / (lifetime * 0.68) - 1)
  }

  @Test func jitterMakesRenewalEarlierAndNeverLater() {
    let machine = RenewalMachine(policy: RenewalPolicy(share: 0.6, jitter: 0.1), spread: 0.5)
    let begin = Date(timeIntervalSince1970: 1_800_000_000)
    func due(_ spread: Double) -> TimeInterval {
      machine.dueDate(
        HeldCertificate(notBefore: begin - 300, notAfter: begin + 1_000, obtained: begin, spread: spread)
      ).timeIntervalSince(begin)
    }
    #expect(abs(due(0) - 600) < 0.001)
    #expect(abs(due(1) - 500) < 0.001)
    #expect(abs(due(0.5) - 550) < 0.001)
  }

  @Test func aRestartRequestsNothingWhileTheCertificateIsValid() {
    var world = World(lifetime: day)
    world.pass(10)
    #expect(world.issued == 1)
    for _ in 0..<1_000 {
      world.restart()
      world.pass(30)
    }
    #expect(world.issued == 1)
  }

  @Test func retriesWithBackOffWhileTheSourceIsUnreachable() throws {
    var world = World(lifetime: day)
    world.pass(60)
    let begin = world.now - 60
    let held = try #require(world.held)
    let due = world.machine.dueDate(held)
    world.isAway = { $0 >= begin + 60 && $0 < begin + 0.95 * day }
    world.pass(0.95 * day + 400)
    #expect(world.invalid == 0)
    let pauses = zip(world.asked.dropFirst(), world.asked.dropFirst(2)).map { $1.timeIntervalSince($0) }
      .prefix { $0 < 3_600 }
    // Ten attempts within the first ten minutes, then at most every five minutes.
    #expect(world.asked.count { $0 >= due && $0 < due + 600 } >= 9)
    #expect(pauses.allSatisfy { $0 <= RenewalMachine.longestPause + 1 })
    #expect(world.asked.count < 150)
    // The source was reachable for five percent of the lifetime, which was enough.
    #expect(try #require(world.held).obtained < begin + 0.95 * day + 301)
  }

  @Test func recoversWithinMinutesAfterAnOutageLongerThanTheLifetime() throws {
    var world = World(lifetime: day)
    world.pass(60)
    let begin = world.now
    world.isAway = { $0 < begin + 3 * day }
    world.pass(3 * day + 301)
    #expect(try #require(world.held).isValid(at: world.now))
    #expect(world.issued == 2)
  }

  @Test func retriesMoreOftenNearTheEnd() {
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    let held = HeldCertificate(notBefore: now - 1_000, notAfter: now + 80, obtained: now - 1_000, spread: 0)
    var machine = RenewalMachine(policy: RenewalPolicy(), spread: 0)
    for _ in 0..<20 { machine.failed(holding: held, isTransient: true, now: now) }
    #expect(machine.next(holding: held, now: now) == .wait(until: now + 10))
  }

  @Test func aRefusedRequestIsRetriedLateOrOnSIGHUP() {
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    var machine = RenewalMachine(policy: RenewalPolicy(), spread: 0)
    machine.failed(holding: nil, isTransient: false, now: now)
    #expect(machine.next(holding: nil, now: now + 299) == .wait(until: now + 300))
    #expect(machine.next(holding: nil, now: now + 300) == .order(.missing))
    machine.forgetPause()
    #expect(machine.next(holding: nil, now: now + 1) == .order(.missing))
  }

  @Test func aClockSetForwardRenewsAndAClockSetBackRecovers() throws {
    var world = World(lifetime: day)
    world.pass(60)
    let right = world.now
    // Years ahead: the certificate seems expired. The source, whose clock is right, has no certificate that
    // is valid then.
    world.now += 5 * year
    #expect(world.machine.next(holding: world.held, now: world.now) == .order(.expired))
    for _ in 0..<10 { world.machine.failed(holding: world.held, isTransient: true, now: world.now) }
    // Back: the certificate is valid again, and the pause from the wrong time is ignored.
    world.now = right + 10
    let held = try #require(world.held)
    #expect(world.machine.next(holding: held, now: world.now) == .wait(until: world.machine.dueDate(held)))
    world.now = held.notAfter + 1
    #expect(world.machine.next(holding: held, now: world.now) == .order(.expired))
  }

  @Test func aNotYetValidCertificateIsRequestedAgain() {
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    let held = HeldCertificate(notBefore: now + 60, notAfter: now + day, obtained: now + 60, spread: 0)
    var machine = RenewalMachine(policy: RenewalPolicy(), spread: 0)
    #expect(machine.next(holding: held, now: now) == .order(.notYetValid))
    machine.failed(holding: held, isTransient: true, now: now)
    #expect(machine.next(holding: held, now: now) == .wait(until: now + 1))
    // It is valid now, so no request is needed.
    #expect(machine.next(holding: held, now: now + 61) == .wait(until: machine.dueDate(held)))
  }

  @Test func aWrongTimeOfWritingIsIgnored() {
    let begin = Date(timeIntervalSince1970: 1_800_000_000)
    let machine = RenewalMachine(policy: RenewalPolicy(share: 0.5, jitter: 0), spread: 0)
    for obtained in [begin - year, begin + year] {
      let held = HeldCertificate(
        notBefore: begin, notAfter: begin + day, obtained: obtained, spread: 0)
      #expect(machine.dueDate(held) == begin + day / 2)
    }
  }

  @Test func jitterSpreadsAFleet() {
    let begin = Date(timeIntervalSince1970: 1_800_000_000)
    let machine = RenewalMachine(policy: RenewalPolicy(), spread: 0)
    var generator = SeededGenerator(seed: 1)
    let due = (0..<5_000).map { _ in
      machine.dueDate(
        HeldCertificate(
          notBefore: begin, notAfter: begin + day, obtained: begin,
          spread: .random(in: 0..<1, using: &generator)))
    }
    let minutes = Dictionary(grouping: due) { Int($0.timeIntervalSince(begin) / 60) }
    // A tenth of a day is 144 minutes: about 35 of 5,000 in each minute.
    #expect(minutes.count >= 144)
    #expect((minutes.values.map(\.count).max() ?? 0) < 100)
  }
}
